import type { Bytes } from '../base/index.ts';
import { axisSize, type LayoutSpec } from '../layout/index.ts';
import { microbatchesAtEnd } from '../program/index.ts';
import type { MemoryNeed } from './answer.ts';
import { memoryParts } from './memory-parts.ts';
import type { PipelineOrder } from './pipeline-order.ts';
import { type ChainNeed, fullestOfRun, type Moment } from './run-peak.ts';
import { stageMoments } from './stage-moments.ts';
import type { StepCost } from './step-cost.ts';
import type { LabelledBytes } from './unit-memory.ts';
import { type Update, updateOf } from './update-need.ts';

/**
 * What the fullest device of the fullest stage keeps at its fullest moment. While a pass is at a unit, memory holds state, what the units before it keep of
 * this microbatch and all units of the other microbatches under way, the unit's own tensors and weights, and gradients of units behind it.
 */
export function memoryNeed(
  chains: readonly ChainNeed[],
  labels: StepCost['labels'],
  layout: LayoutSpec,
  order: PipelineOrder | null,
  capacityBytes: Bytes,
): MemoryNeed {
  const stages = axisSize(layout, 'pipeline');
  let fullest = stageMemory(chains, layout, 0, stages, order);
  for (let stage = 1; stage < stages; stage++) {
    const one = stageMemory(chains, layout, stage, stages, order);
    if (one.peakBytes > fullest.peakBytes) fullest = one;
  }
  return { capacityBytes, peakBytes: fullest.peakBytes, parts: memoryParts(fullest, chains, order, labels) };
}

export interface StageMemory {
  readonly peakBytes: Bytes;
  readonly state: State;
  /** Null: updates need more than any pass. */
  readonly moment: Moment | null;
  readonly update: Update;
}

/** There for the whole step. */
interface State {
  readonly weights: Bytes;
  readonly optimizer: Bytes;
  /** Shards of weights in the type of the products. */
  readonly working: Bytes;
  /** Tensors by label. */
  readonly residents: readonly { readonly tensors: LabelledBytes; readonly copies: number }[];
  readonly bytes: Bytes;
}

function stageMemory(
  chains: readonly ChainNeed[],
  layout: LayoutSpec,
  stage: number,
  stages: number,
  order: PipelineOrder | null,
): StageMemory {
  const state = stateOf(chains, layout, stage, stages);
  const update = updateOf(chains, layout, stage, stages);
  let moment: Moment | null = null;
  for (const run of stageMoments(chains, layout, order, stage)) {
    for (let row = 0; row < chains.length; row++) {
      if (!run.backward || chains[row].cost.learns) moment = fullestOfRun(chains, row, run, layout, moment);
    }
  }
  const ofUpdate = update.gradients + update.state - update.released;
  if (moment !== null && ofUpdate > moment.bytes) moment = null;
  return { peakBytes: state.bytes + (moment?.bytes ?? ofUpdate), state, moment, update };
}

function stateOf(chains: readonly ChainNeed[], layout: LayoutSpec, stage: number, stages: number): State {
  const { offload } = layout;
  const microbatches = microbatchesAtEnd(
    layout,
    chains.some(({ cost }) => cost.learns),
  );
  let weights = 0;
  let optimizer = 0;
  let working = 0;
  let resident = 0;
  const residents: { tensors: LabelledBytes; copies: number }[] = [];
  for (const { cost, groups, runs } of chains) {
    for (const { kind, count, run } of runs.blocks) {
      if (run % stages !== stage) continue;
      const { ownWeights, memory } = cost.kinds[kind];
      for (let row = 0; row < ownWeights; row++) {
        weights += offload.weights ? 0 : groups[kind][row].storedBytes * count;
        working += offload.weights ? 0 : groups[kind][row].workingBytes * count;
        optimizer += offload.optimizer || !cost.learns ? 0 : groups[kind][row].stateBytes * count;
      }
      const copies = count * microbatches;
      resident += memory.residentBytes * copies;
      if (memory.residentBytes > 0) residents.push({ tensors: memory.resident, copies });
    }
  }
  return { weights, optimizer, working, residents, bytes: weights + optimizer + working + resident };
}
