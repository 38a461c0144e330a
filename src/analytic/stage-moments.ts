import type { Bytes } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import { fullestMoments, type NextPass, type RunMoment } from './pipeline-fill.ts';
import type { PipelineOrder } from './pipeline-order.ts';
import { type ChainNeed, sumOver } from './run-peak.ts';
import type { UnitNeed } from './unit-peak.ts';

/** Passes of a stage that may be its fullest. */
export function stageMoments(chains: readonly ChainNeed[], layout: LayoutSpec, order: PipelineOrder | null, stage: number): RunMoment[] {
  const { microbatches, overlap } = layout;
  if (order === null) return oneStage(chains, layout);
  const { length } = chains[0].runs.ofRun;
  const bytes = {
    held: [] as Bytes[],
    kept: [] as Bytes[],
    done: [] as Bytes[],
    inputs: [] as Bytes[],
    gradients: [] as Bytes[],
    microbatches,
    leavesShares: microbatches > 1 && leavesShares(layout),
  };
  for (let run = stage; run < length; run += order.stages) {
    bytes.held.push(sumOfChains(chains, run, heldOf));
    bytes.kept.push(microbatches > 1 ? sumOfChains(chains, run, keptOf) : 0);
    bytes.done.push(sumOfChains(chains, run, doneOf));
    bytes.inputs.push(run === 0 ? 0 : inputBytes(chains, run, false));
    bytes.gradients.push(run + 1 === length ? 0 : inputBytes(chains, run + 1, true));
  }
  return fullestMoments(order, stage, bytes.held.length, bytes, overlap.weights);
}

const FORWARD: NextPass = { run: 0, backward: false };
const BACKWARD: NextPass = { run: 0, backward: true };

/** One microbatch after the other. */
function oneStage(chains: readonly ChainNeed[], layout: LayoutSpec): RunMoment[] {
  const { microbatches, overlap } = layout;
  const learns = chains.some(({ cost }) => cost.learns);
  const kept = microbatches > 1 ? sumOfChains(chains, 0, keptOf) : 0;
  const again = microbatches > 1 ? FORWARD : null;
  if (!learns) return [alone(FORWARD, kept, again, NEITHER)];
  const forward = alone(FORWARD, kept, BACKWARD, NEITHER);
  if (microbatches !== 2) return [forward, alone(BACKWARD, kept, again, NEITHER)];
  // Of two microbatches the first one has no gradients beside it, and the last one leaves less and has nothing behind it.
  const closes = leavesShares(layout);
  const moments = [forward, alone(BACKWARD, kept, null, closes ? CLOSES : NEITHER)];
  if (closes || overlap.weights) moments.push(alone(BACKWARD, 0, again, closes ? OPENS : OPENS_AND_TURNS));
  return moments;
}

const NEITHER = { opens: false, closes: false, isTurn: false };
const CLOSES = { opens: false, closes: true, isTurn: false };
const OPENS = { opens: true, closes: false, isTurn: false };
const OPENS_AND_TURNS = { opens: true, closes: false, isTurn: true };

/** Nothing of other microbatches is there but gradients. */
function alone(
  { run, backward }: NextPass,
  keptGradients: Bytes,
  next: NextPass | null,
  { opens, closes, isTurn }: Pick<RunMoment, 'opens' | 'closes' | 'isTurn'>,
): RunMoment {
  return {
    run,
    backward,
    opens,
    closes,
    place: -1,
    beside: 0,
    keptGradients,
    next,
    isTurn,
  };
}

function sumOfChains(chains: readonly ChainNeed[], run: number, of: (need: UnitNeed) => Bytes): Bytes {
  let bytes = 0;
  for (const chain of chains) bytes += sumOver(chain, chain.needs, run, of);
  return bytes;
}

/** What comes over the wires to a run, or its gradient back from it. */
function inputBytes(chains: readonly ChainNeed[], run: number, backward: boolean): Bytes {
  let bytes = 0;
  for (const { cost, runs } of chains) {
    const [first] = runs.ofRun[run];
    if (first !== undefined && (cost.learns || !backward)) bytes += cost.kinds[first.kind].inputBytes;
  }
  return bytes;
}

function heldOf({ kind }: UnitNeed): Bytes {
  return kind.memory.heldBytes;
}

function doneOf({ doneGradients }: UnitNeed): Bytes {
  return doneGradients;
}

function leavesShares({ overlap, zero }: LayoutSpec): boolean {
  return overlap.gradients && zero >= 2;
}

function keptOf({ keptGradients }: UnitNeed): Bytes {
  return keptGradients;
}
