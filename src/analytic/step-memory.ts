import type { Bytes } from '../base/index.ts';
import { axisSize, type LayoutSpec } from '../layout/index.ts';
import { microbatchesAtEnd } from '../program/index.ts';
import type { MemoryNeed } from './answer.ts';
import type { ChainRuns, UnitBlock } from './blocks.ts';
import { type Loop, loopAt, workingOf } from './loops.ts';
import { memoryParts } from './memory-parts.ts';
import { fullestMoments, type RunMoment } from './pipeline-fill.ts';
import type { PipelineOrder } from './pipeline-order.ts';
import type { ChainCost, EncoderReads, StepCost } from './step-cost.ts';
import type { LabelledBytes, StepClass } from './unit-memory.ts';
import { type Brought, NOTHING_BROUGHT, type UnitNeed } from './unit-peak.ts';
import type { GroupCost } from './weight-cost.ts';

/** A chain under a layout. */
export interface ChainNeed {
  readonly cost: ChainCost;
  readonly runs: ChainRuns;
  /** By kind. */
  readonly needs: readonly UnitNeed[];
  readonly groups: readonly (readonly GroupCost[])[];
}

/** A pass at its fullest step of one unit. */
export interface Moment {
  readonly bytes: Bytes;
  readonly chain: ChainNeed;
  /** Its block, and its place in it. */
  readonly block: UnitBlock;
  readonly place: number;
  readonly backward: boolean;
  readonly peak: StepClass;
  readonly next: Brought;
  readonly fetched: Bytes;
  readonly gradients: Bytes;
  /** Copies of weights in the type of the products that nobody reads any more. */
  readonly released: Bytes;
  readonly run: RunMoment;
}

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
  return { capacityBytes, peakBytes: fullest.peakBytes, parts: memoryParts(fullest, labels) };
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

/** Reduced gradients of all groups, and state of two groups on its way from and to the host. */
interface Update {
  readonly gradients: Bytes;
  readonly state: Bytes;
  /** Copies of weights in the type of the products that nobody reads any more. */
  readonly released: Bytes;
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
  for (const chain of chains) {
    for (const run of order === null ? oneStage(chain, layout) : momentsOf(chain, layout, order, stage, stages)) {
      if (run.backward && !chain.cost.learns) continue;
      moment = fullestOfRun(chain, run, layout, moment);
    }
  }
  const ofUpdate = update.gradients + update.state - update.released;
  if (moment !== null && ofUpdate > moment.bytes) moment = null;
  return { peakBytes: state.bytes + (moment?.bytes ?? ofUpdate), state, moment, update };
}

/** One microbatch after the other. */
function oneStage(chain: ChainNeed, { microbatches }: LayoutSpec): RunMoment[] {
  const keptGradients = microbatches > 1 ? sumOver(chain, 0, keptOf) : 0;
  return [
    { run: 0, runs: ONLY_RUN, others: NO_OTHERS, beside: 0, keptGradients, opened: 0, backward: false },
    { run: 0, runs: ONLY_RUN, others: NO_OTHERS, beside: 0, keptGradients, opened: 0, backward: true },
  ];
}

const ONLY_RUN = [0];
const NO_OTHERS = [0];

function momentsOf(chain: ChainNeed, { microbatches }: LayoutSpec, order: PipelineOrder, stage: number, stages: number): RunMoment[] {
  const { ofRun } = chain.runs;
  const runs: number[] = [];
  for (let run = stage; run < ofRun.length; run += stages) if (ofRun[run].length > 0) runs.push(run);
  const between = (of: (need: UnitNeed) => Bytes): Bytes[] => runs.map((run) => (microbatches > 1 ? sumOver(chain, run, of) : 0));
  const held = runs.map((run) => sumOver(chain, run, heldOf));
  return fullestMoments(order, stage, runs, { held, kept: between(stage > 0 ? keptWithCopies : keptOf), stacks: between(stackOf) });
}

function heldOf({ kind }: UnitNeed): Bytes {
  return kind.memory.heldBytes;
}

function keptOf({ keptGradients }: UnitNeed): Bytes {
  return keptGradients;
}

function keptWithCopies({ keptGradients, keptCopies }: UnitNeed): Bytes {
  return keptGradients + keptCopies;
}

function stackOf({ kind, keptGradients }: UnitNeed): Bytes {
  return kind.loop === null ? 0 : keptGradients;
}

function doneOf({ doneGradients }: UnitNeed): Bytes {
  return doneGradients;
}

function doneWithCopies({ doneGradients, doneCopies }: UnitNeed): Bytes {
  return doneGradients + doneCopies;
}

/** Over the units of a run. */
function sumOver({ runs, needs, cost }: ChainNeed, run: number, of: (need: UnitNeed) => Bytes): Bytes {
  if (!cost.learns) return 0;
  let bytes = 0;
  for (const { kind, count } of runs.ofRun[run]) bytes += of(needs[kind]) * count;
  return bytes;
}

/** The fuller of `known` and of all units of a pass through a run. What is held grows evenly within a block, so that only its ends can be fullest. */
function fullestOfRun(chain: ChainNeed, run: RunMoment, layout: LayoutSpec, known: Moment | null): Moment | null {
  const { needs, cost, runs } = chain;
  const { backward, beside, keptGradients, opened } = run;
  const blocks = runs.ofRun[run.run];
  // Several microbatches are a loop of their own, which copies of weights stand outside of.
  const releases = backward && cost.learns && layout.microbatches === 1;
  let behind = backward ? sumOver(chain, run.run, behindIt) : 0;
  let released = releases ? sumOver(chain, run.run, workingOf) : 0;
  const lastOfLoop = opened === 0 ? -1 : blocks.findLastIndex(({ kind }) => cost.kinds[kind].loop !== null);
  let held = beside;
  let loop: Loop | null = null;
  let most = known;
  const visit = (i: number, place: number, next: UnitNeed | null): void => {
    const block = blocks[i];
    const need = needs[block.kind];
    const kept = keptGradients + (i <= lastOfLoop ? opened : 0);
    const gradients = kept + (loop === null ? behind - (backward ? (place + 1) * behindIt(need) : 0) : loop.behind);
    const gone = !releases ? 0 : loop === null ? released - (place + 1) * workingOf(need) : loop.released - loop.working;
    const fetched = backward && next !== null && next.kind.loop === need.kind.loop ? next.fetchedBytes : 0;
    const ownHeld = cost.learns ? need.kind.memory.heldBytes : 0;
    const others = loop === null ? held + place * ownHeld : loop.held + loop.keeps - ownHeld;
    const base = others + gradients + fetched - gone + encoderBytes(cost.encoder, block, backward);
    const pass = backward ? need.backward : need.forward;
    const brought = layout.overlap.weights ? broughtNext(need, next, backward, cost.learns, layout) : NOTHING_BROUGHT;
    const withNext = base + pass.withNextBytes + brought.gathered + brought.fromHost;
    const own = base + pass.ownBytes;
    const bytes = Math.max(own, withNext);
    if (most !== null && bytes <= most.bytes) return;
    const isLate = withNext > own;
    const peak = isLate ? pass.withNext : pass.own;
    const upcoming = isLate ? brought : NOTHING_BROUGHT;
    most = { bytes, chain, block, place, backward, peak, next: upcoming, fetched, gradients, released: gone, run };
  };
  for (let i = 0; i < blocks.length; i++) {
    const { kind, count } = blocks[i];
    const need = needs[kind];
    loop = backward ? loopAt(chain, blocks, i, loop, { held, behind, released }) : null;
    const neighbour = blocks[backward ? i - 1 : i + 1];
    visit(i, backward ? 0 : count - 1, neighbour === undefined ? null : needs[neighbour.kind]);
    if (count > 1) visit(i, backward ? 1 : count - 2, need);
    if (count > 2 && backward) visit(i, count - 1, need);
    if (backward) behind -= behindIt(need) * count;
    if (releases) released -= workingOf(need) * count;
    if (cost.learns) held += need.kind.memory.heldBytes * count;
  }
  return most;
}

/** Gradients that are there when the backward pass has left a unit. */
function behindIt({ gradientsBehind, tiedGradients }: UnitNeed): Bytes {
  return gradientsBehind + tiedGradients;
}

/** Behind the last unit the pass turns; behind the first one comes the next microbatch. */
function broughtNext(need: UnitNeed, next: UnitNeed | null, backward: boolean, learns: boolean, { microbatches }: LayoutSpec): Brought {
  if (next !== null) return backward ? next.firstUse.backward : next.firstUse.forward;
  if (!learns || (backward && microbatches === 1)) return NOTHING_BROUGHT;
  return backward ? need.firstUse.forward : need.firstUse.backward;
}

/** The output from its first reader on, and its gradient between the last and the first one. */
function encoderBytes({ first: from, last, bytes }: EncoderReads, { first }: UnitBlock, backward: boolean): Bytes {
  if (first < from) return 0;
  return bytes * (backward && first <= last ? 2 : 1);
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
      // Away from the embedding a tied matrix is a copy.
      const rows = stage > 0 ? groups[kind].length : ownWeights;
      for (let row = 0; row < rows; row++) {
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

function updateOf(chains: readonly ChainNeed[], { offload, microbatches }: LayoutSpec, stage: number, stages: number): Update {
  let gradients = 0;
  let released = 0;
  let most = 0;
  for (const chain of chains) {
    if (!chain.cost.learns) continue;
    for (let run = stage; run < chain.runs.ofRun.length; run += stages) {
      gradients += sumOver(chain, run, stage > 0 ? doneWithCopies : doneOf);
      if (microbatches === 1) released += sumOver(chain, run, workingOf);
    }
    if (!offload.optimizer && !offload.weights) continue;
    for (const groups of chain.groups) {
      for (const { stateBytes, storedBytes } of groups) {
        most = Math.max(most, (offload.optimizer ? stateBytes : 0) + (offload.weights ? storedBytes : 0));
      }
    }
  }
  return { gradients, state: 2 * most, released };
}
