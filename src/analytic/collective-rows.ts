import type { Seconds } from '../base/index.ts';
import { COLLECTIVES, type CollectiveKind } from '../collectives/index.ts';
import { groupName, groupSize, holdersOfHeads, type LayoutSpec, type MeshGroup } from '../layout/index.ts';
import { BYTES_PER_ELEMENT } from '../model/index.ts';
import type { WeightTypes } from '../program/index.ts';
import type { CollectiveCost } from './answer.ts';
import type { Rate } from './axis-rates.ts';
import type { Waits } from './lane.ts';
import type { StepCost } from './step-cost.ts';
import type { WeightTotal } from './step-totals.ts';
import type { PieceTime } from './unit-time.ts';
import type { WeightSort, WeightSorts } from './weight-cost.ts';

/** What rows are made from. */
export interface RowInput {
  readonly cost: StepCost;
  /** By row of uses. */
  readonly rates: readonly Rate[];
  /** By row of uses: collectives of pieces, over all units of a step. */
  readonly pieces: readonly PieceTime[];
  readonly sorts: WeightSorts;
  readonly layout: LayoutSpec;
  readonly types: WeightTypes;
  readonly waits: Readonly<Waits>;
  readonly stages: number;
}

/** A row for each kind, group and part; waiting for weights and for gradients is dealt out by how long each takes. Of a device, in the mean over the stages. */
export function collectiveRows(input: RowInput): CollectiveCost[] {
  const { cost, layout, waits } = input;
  const rows: CollectiveCost[] = [];
  const times = layout.microbatches / input.stages;
  for (let row = 0; row < cost.uses.length; row++) {
    const use = cost.uses[row];
    const total = cost.totals.uses[row];
    const own = total.count * input.rates[row].latencySeconds + total.bytes * input.rates[row].secondsPerByte;
    const { count, bytes, seconds, exposedSeconds } = input.pieces[row];
    rows.push({
      kind: use.collective,
      group: use.name,
      part: use.part,
      count: (total.count + count) * times,
      sentBytes: COLLECTIVES[use.collective].sentBytesPerDevice((total.bytes + bytes) * times, groupSize(layout, use.group)),
      seconds: (own + seconds) * times,
      exposedSeconds: (own + exposedSeconds) * times,
    });
  }
  addWaiting(rows, gatherRows(input), waits.weights);
  addWaiting(rows, reductionRows(input), waits.gradients);
  return rows;
}

/** A row under construction. */
type Row = { -readonly [Key in keyof CollectiveCost]: CollectiveCost[Key] };

function addWaiting(rows: CollectiveCost[], own: readonly Row[], waited: Seconds): void {
  let all = 0;
  for (const { seconds } of own) all += seconds;
  for (const row of own) {
    if (all > 0) row.exposedSeconds = (waited * row.seconds) / all;
    rows.push(row);
  }
}

function gatherRows({ cost, sorts, layout, types, stages }: RowInput): Row[] {
  const bytes = BYTES_PER_ELEMENT[types.matmul];
  const rows: Row[] = [];
  for (const [sort, total] of travelling(sorts, cost.totals.gathers)) {
    const { sharded, shardedName, shards, gather } = sort;
    if (shards > 1)
      addRow(rows, 'all-gather', sharded, shardedName, 'weight gather', gather, total, bytes, layout.microbatches / stages, layout);
  }
  return rows;
}

function reductionRows({ cost, sorts, layout, types, stages }: RowInput): Row[] {
  const { microbatches, zero } = layout;
  const bytes = BYTES_PER_ELEMENT[types.gradients];
  const part = 'gradient reduction';
  const rows: Row[] = [];
  for (const total of cost.totals.held) {
    const group = holdersOfHeads(total.holders);
    addRow(
      rows,
      'all-reduce',
      group,
      groupName(group),
      part,
      sorts.sumOfHolders(total.holders),
      total,
      bytes / sorts.dense.shards,
      1 / stages,
      layout,
    );
  }
  for (const [sort, total] of travelling(sorts, cost.totals.reductions)) {
    const { sharded, shardedName, shards, replicas, replicasName, copies, updateShards } = sort;
    if (shards > 1) addRow(rows, 'reduce-scatter', sharded, shardedName, part, sort.scatter, total, bytes, microbatches / stages, layout);
    const kind = zero === 0 ? 'all-reduce' : 'reduce-scatter';
    if (copies > 1) addRow(rows, kind, replicas, replicasName, part, sort.sum, total, bytes / shards, 1 / stages, layout);
    const stored = BYTES_PER_ELEMENT[types.weights] / shards;
    if (updateShards > 1)
      addRow(rows, 'all-gather', replicas, replicasName, 'weight gather', sort.updateGather, total, stored, 1 / stages, layout);
  }
  return rows;
}

function travelling(
  { alike, dense, expert }: WeightSorts,
  totals: StepCost['totals']['gathers'],
): readonly (readonly [WeightSort, WeightTotal])[] {
  if (alike) return [[dense, totals.both]];
  return [
    [dense, totals.dense],
    [expert, totals.expert],
  ];
}

/** Joins a row of the same kind and group: experts may be replicated over other devices than the rest, and sharded over the same. */
function addRow(
  rows: Row[],
  kind: CollectiveKind,
  group: MeshGroup,
  name: string,
  part: string,
  { latencySeconds, secondsPerByte }: Rate,
  { count, elements }: WeightTotal,
  bytesPerElement: number,
  times: number,
  layout: LayoutSpec,
): void {
  if (count === 0) return;
  const bytes = elements * bytesPerElement;
  const sentBytes = COLLECTIVES[kind].sentBytesPerDevice(bytes, groupSize(layout, group)) * times;
  const seconds = (count * latencySeconds + bytes * secondsPerByte) * times;
  const same = rows.find((row) => row.kind === kind && row.group === name);
  if (same === undefined) {
    rows.push({ kind, group: name, part, count: count * times, sentBytes, seconds, exposedSeconds: 0 });
    return;
  }
  same.count += count * times;
  same.sentBytes += sentBytes;
  same.seconds += seconds;
}

/** What a stage hands on, in the mean over the stages. */
export function sendRow(
  { bytes, seconds }: { readonly bytes: number; readonly seconds: Float64Array },
  microbatches: number,
  stages: number,
  learns: boolean,
): CollectiveCost {
  const times = microbatches * (learns ? 2 : 1);
  const boundaries = seconds.length - 1;
  const all = seconds.reduce((sum, one) => sum + one, 0) * times;
  return {
    kind: 'permute',
    group: 'pipeline',
    part: 'pipeline permute',
    count: (times * boundaries) / stages,
    sentBytes: (bytes * times * boundaries) / stages,
    seconds: all / stages,
    exposedSeconds: 0,
  };
}
