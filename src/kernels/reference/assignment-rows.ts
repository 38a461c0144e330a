import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';
import type { BatchLayout } from './dispatch.ts';
import { laneSum } from './lane-sum.ts';

export interface DispatchShape {
  /** S */
  readonly tokens: number;
  /** D */
  readonly dModel: number;
  /** E */
  readonly experts: number;
  /** C */
  readonly expertCapacity: number;
}

/** What dispatch and combine need of an assignment; the entries at one place of the four belong together. */
export interface AssignmentRows {
  readonly token: Int32Array;
  readonly expert: Int32Array;
  /** -1 when the row has no slot. */
  readonly slot: Int32Array;
  /** Ignored where a row has no slot. */
  readonly weight: Reals;
}

/** Refuses rows whose token or expert does not exist, and slots below -1; returns the number of rows. */
export function checkRows(fn: string, { tokens, dModel, experts, expertCapacity }: DispatchShape, rows: AssignmentRows): number {
  expectWhole(fn, 'tokens', tokens, 0);
  expectWhole(fn, 'dModel', dModel, 1);
  expectWhole(fn, 'experts', experts, 1);
  expectWhole(fn, 'expertCapacity', expertCapacity, 1);
  const count = rows.token.length;
  for (const name of ['expert', 'slot', 'weight'] as const) expectElements(fn, `rows.${name}`, rows[name], count, 'as rows.token');
  for (let row = 0; row < count; row++) {
    const token = rows.token[row];
    const expert = rows.expert[row];
    expectThat(token >= 0 && token < tokens, fn, `rows.token[${row}]`, `must be one of ${tokens} tokens`, token);
    expectThat(expert >= 0 && expert < experts, fn, `rows.expert[${row}]`, `must be one of ${experts} experts`, expert);
    expectThat(rows.slot[row] >= -1, fn, `rows.slot[${row}]`, 'must be -1 or a slot', rows.slot[row]);
  }
  return count;
}

/** [E C]: the row in each slot, -1 where nobody is. Refuses slots that do not exist and slots that are taken twice. */
export function rowsBySlot(fn: string, shape: DispatchShape, rows: AssignmentRows): Int32Array {
  const count = checkRows(fn, shape, rows);
  const { experts, expertCapacity } = shape;
  const rowAt = new Int32Array(experts * expertCapacity).fill(-1);
  for (let row = 0; row < count; row++) {
    const slot = rows.slot[row];
    if (slot === -1) continue;
    expectThat(slot < expertCapacity, fn, `rows.slot[${row}]`, `must be -1 or one of ${expertCapacity} slots`, slot);
    const at = rows.expert[row] * expertCapacity + slot;
    expectThat(rowAt[at] === -1, fn, `rows.slot[${row}]`, `must not be that of row ${rowAt[at]} for expert ${rows.expert[row]} too`, slot);
    rowAt[at] = row;
  }
  return rowAt;
}

/** The layout of batches in which each expert has all of its C slots. */
export function paddedLayout(shape: DispatchShape, rows: AssignmentRows): BatchLayout {
  const { experts, expertCapacity } = shape;
  const first = Int32Array.from({ length: experts + 1 }, (_, e) => e * expertCapacity);
  return { first, rowAt: rowsBySlot('layout', shape, rows) };
}

/** sums[to + d] += scale x source[from + d] for D numbers, as a step of D sequential sums. */
export function addScaled({ round }: Numerics, scale: number, source: Reals, from: number, sums: Reals, to: number, count: number): void {
  for (let d = 0; d < count; d++) sums[to + d] = round(sums[to + d] + round(scale * source[from + d]));
}

/** Sum of a[from + d] b[to + d] over D numbers along a row. */
export function dot(numerics: Numerics, a: Reals, from: number, b: Reals, to: number, count: number): number {
  return laneSum(numerics, count, (d) => numerics.round(a[from + d] * b[to + d]));
}

/** target += sums, rounded as it is handed on. */
export function addStored({ store }: Numerics, sums: Reals, target: Reals): void {
  for (let i = 0; i < sums.length; i++) target[i] = store(target[i] + sums[i]);
}

/** Batches have `batchRows` rows of D, tokens S of them. */
export function checkTensors(
  fn: string,
  { tokens, dModel }: DispatchShape,
  batchRows: number,
  batches: Readonly<Record<string, Reals>>,
  activations: Readonly<Record<string, Reals>>,
): void {
  for (const [name, tensor] of Object.entries(batches))
    expectElements(fn, name, tensor, batchRows * dModel, `${batchRows} rows x ${dModel}`);
  for (const [name, tensor] of Object.entries(activations))
    expectElements(fn, name, tensor, tokens * dModel, `${tokens} tokens x ${dModel}`);
}
