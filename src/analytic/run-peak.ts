import type { Bytes } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import type { ChainRuns, UnitBlock } from './blocks.ts';
import { gradientBytes, outputBytes, type ReaderEnds, readerEnds } from './encoder-reads.ts';
import { type Loop, loopAt, workingOf } from './loops.ts';
import type { NextPass, RunMoment } from './pipeline-fill.ts';
import type { ChainCost } from './step-cost.ts';
import type { StepClass } from './unit-memory.ts';
import {
  type Brought,
  type HostedWeights,
  NO_STEP,
  NOTHING_BROUGHT,
  type PassPeaks,
  peaksOfPass,
  type UnitNeed,
  unitNeed,
} from './unit-peak.ts';
import type { GroupCost } from './weight-cost.ts';

/** A chain under a layout. */
export interface ChainNeed {
  readonly cost: ChainCost;
  readonly runs: ChainRuns;
  /** By kind. */
  readonly needs: readonly UnitNeed[];
  readonly groups: readonly (readonly GroupCost[])[];
  /** Of the first backward pass of several, which opens what the others add to; made when they are asked for. */
  readonly opening: UnitNeed[];
}

/** A pass at its fullest step of one unit. */
export interface Moment {
  readonly bytes: Bytes;
  readonly chain: ChainNeed;
  readonly need: UnitNeed;
  /** Its block, and its place in it. */
  readonly block: UnitBlock;
  readonly place: number;
  readonly backward: boolean;
  readonly peak: StepClass;
  readonly next: HostedWeights;
  readonly fetched: Bytes;
  readonly gradients: Bytes;
  /** Copies of weights in the type of the products that nobody reads any more. */
  readonly released: Bytes;
  /** The encoder's output and its gradient, where they are not among the tensors of the step. */
  readonly encoder: { readonly output: Bytes; readonly gradient: Bytes };
  readonly run: RunMoment;
}

const NO_ENCODER: Moment['encoder'] = { output: 0, gradient: 0 };

/** Over the units of a run. */
export function sumOver({ runs, cost }: ChainNeed, needs: readonly UnitNeed[], run: number, of: (need: UnitNeed) => Bytes): Bytes {
  if (!cost.learns) return 0;
  let bytes = 0;
  for (const { kind, count } of runs.ofRun[run]) bytes += of(needs[kind]) * count;
  return bytes;
}

/** The fuller of `known` and of all units of a pass through a run. What is held grows evenly within a block, so that only its ends can be fullest. */
export function fullestOfRun(
  chains: readonly ChainNeed[],
  row: number,
  run: RunMoment,
  layout: LayoutSpec,
  known: Moment | null,
): Moment | null {
  const chain = chains[row];
  const { cost, runs } = chain;
  const { backward, beside, keptGradients } = run;
  const needs = needsOf(chain, run, layout);
  const blocks = runs.ofRun[run.run];
  // Several microbatches are a loop of their own, which copies of weights stand outside of.
  const releases = backward && cost.learns && layout.microbatches === 1;
  const behindIt = run.closes ? leftBehind : learnedBehind;
  const lateOf = run.closes ? lateLeft : lateLearned;
  let behind = backward ? sumOver(chain, needs, run.run, behindIt) : 0;
  let released = releases ? sumOver(chain, needs, run.run, workingOf) : 0;
  // What the embedding learns of a tied matrix has the place of what is behind it.
  const tied = backward && blocks.length > 0 && blocks[0].first === 0 ? needs[blocks[blocks.length - 1].kind].tiedGradients : 0;
  let held = beside;
  let loop: Loop | null = null;
  let most = known;
  const visit = (i: number, place: number, isInside: boolean, after: UnitNeed | null): void => {
    const block = blocks[i];
    const need = needs[block.kind];
    const within = layout.overlap.weights ? broughtInPass(chains, row, run, needs, i, isInside) : NOTHING_BROUGHT;
    if (run.isTurn && within !== null) return;
    const brought = within ?? broughtFor(chains, run.next);
    const behindHere = loop === null || run.closes ? behind - (backward ? (place + 1) * behindIt(need) : 0) : loop.behind;
    const gradients = keptGradients + behindHere + (loop?.late ?? 0) - (block.first === 0 ? tied : 0);
    const gone = !releases ? 0 : loop === null ? released - (place + 1) * workingOf(need) : loop.released - loop.working;
    const fetched = backward && after !== null && after.kind.loop === need.kind.loop ? after.fetchedBytes : 0;
    const ownHeld = cost.learns ? need.kind.memory.heldBytes : 0;
    const others = loop === null ? held + place * ownHeld : loop.held + loop.keeps - ownHeld;
    const base = others + gradients + fetched - gone;
    const unit = block.first + place;
    const output = outputBytes(cost.encoder, unit, backward);
    const gradient = gradientBytes(cost.encoder, unit, backward);
    const whole = backward ? need.backward : need.forward;
    if (most !== null && base + output + gradient + fullestStep(whole, brought) <= most.bytes) return;
    // They come to less than that, so that only units that may be the fullest are looked at so closely.
    const isFirst = i === 0 && place === 0 && layout.pipeline.repeats === 1;
    const atEnds = peaksAtEnds(need, readerEnds(cost.encoder, unit, backward, isFirst), layout);
    const encoder = atEnds === null && output + gradient > 0 ? { output, gradient } : NO_ENCODER;
    const pass = atEnds ?? whole;
    const step = fullestStep(pass, brought);
    const bytes = base + encoder.output + encoder.gradient + step;
    if (most !== null && bytes <= most.bytes) return;
    const { peak, next } = stepOf(pass, step, brought);
    most = { bytes, chain, need, block, place, backward, peak, next, fetched, gradients, released: gone, encoder, run };
  };
  if (layout.offload.weights && !backward && blocks.length > 0 && blocks[0].first === 0) most = firstArrival(chain, blocks[0], run, most);
  for (let i = 0; i < blocks.length; i++) {
    const { kind, count, first } = blocks[i];
    const need = needs[kind];
    loop = backward ? loopAt(chain, needs, blocks, i, loop, { held, behind, released }, lateOf) : null;
    const neighbour = blocks[backward ? i - 1 : i + 1];
    visit(i, backward ? 0 : count - 1, false, neighbour === undefined ? null : needs[neighbour.kind]);
    if (count > 1) visit(i, backward ? 1 : count - 2, true, need);
    if (count > 2 && backward) visit(i, count - 1, true, need);
    // During the pass of the last reader the gradient of the encoder's output is not there from the start.
    if (count > 3 && backward && first + count - 1 === cost.encoder.last) visit(i, count - 2, true, need);
    if (backward) behind -= behindIt(need) * count;
    if (releases) released -= workingOf(need) * count;
    if (cost.learns) held += need.kind.memory.heldBytes * count;
  }
  return most;
}

/** Of the steps of a pass, with what is brought for the next use. */
function fullestStep({ ownBytes, withNextBytes, asNext, asNextBytes }: PassPeaks, { gathered, fromHost, arriving }: Brought): Bytes {
  const arrived = asNext === null ? 0 : asNextBytes + arriving.gathered + arriving.fromHost;
  return Math.max(ownBytes, withNextBytes + gathered + fromHost, arrived);
}

/** Which step that is, and what is brought at it. */
function stepOf(
  { own, ownBytes, withNext, withNextBytes, asNext }: PassPeaks,
  bytes: Bytes,
  brought: Brought,
): { readonly peak: StepClass; readonly next: HostedWeights } {
  if (bytes === ownBytes) return { peak: own, next: NOTHING_BROUGHT.arriving };
  const isWithNext = asNext === null || bytes === withNextBytes + brought.gathered + brought.fromHost;
  return isWithNext ? { peak: withNext, next: brought } : { peak: asNext, next: brought.arriving };
}

/** Of a reader with the encoder's output and its gradient among its tensors; null for all other units. */
function peaksAtEnds(need: UnitNeed, ends: ReaderEnds | null, layout: LayoutSpec): PassPeaks | null {
  const { reader } = need.kind.memory;
  return ends === null || reader === null ? null : peaksOfPass(reader.atEnds(ends), need, layout, ends.backward);
}

/** Nothing runs yet behind which the first weights of a step could come from the host. */
function firstArrival(chain: ChainNeed, block: UnitBlock, run: RunMoment, known: Moment | null): Moment | null {
  const need = chain.needs[block.kind];
  const { arriving } = need.firstUse.forward;
  const gradients = run.keptGradients;
  const bytes = run.beside + gradients + arriving.gathered + arriving.fromHost;
  if (known !== null && bytes <= known.bytes) return known;
  return {
    bytes,
    chain,
    need,
    block,
    place: 0,
    backward: false,
    peak: NO_STEP,
    next: arriving,
    fetched: 0,
    gradients,
    released: 0,
    encoder: NO_ENCODER,
    run,
  };
}

function needsOf({ cost, groups, needs, opening }: ChainNeed, { opens }: RunMoment, layout: LayoutSpec): readonly UnitNeed[] {
  if (!opens) return needs;
  const [embedding] = groups[cost.sequence[0]];
  if (opening.length === 0)
    for (const [kind, one] of cost.kinds.entries()) opening.push(unitNeed(one, groups[kind], embedding, layout, true));
  return opening;
}

/** Gradients that are there when the backward pass has left a unit, beyond those that are kept between microbatches. */
function learnedBehind({ gradientsBehind, tiedGradients }: UnitNeed): Bytes {
  return gradientsBehind + tiedGradients;
}

/** The same where the last of several microbatches leaves shares of those. */
function leftBehind({ doneGradients, keptGradients, tiedGradients }: UnitNeed): Bytes {
  return doneGradients - keptGradients + tiedGradients;
}

/** Of gradients that are whole until a loop has ended: beyond `learnedBehind`, and beyond `leftBehind`. */
function lateLearned(need: UnitNeed): Bytes {
  return need.lateLearned;
}

function lateLeft(need: UnitNeed): Bytes {
  return need.lateLeft;
}

/** Weights of the next use: by the same unit again, by one behind it, or by a chain behind this one. Null: the pass uses none any more. */
function broughtInPass(
  chains: readonly ChainNeed[],
  row: number,
  { run, backward }: RunMoment,
  needs: readonly UnitNeed[],
  i: number,
  isInside: boolean,
): Brought | null {
  const blocks = chains[row].runs.ofRun[run];
  const step = backward ? -1 : 1;
  for (let at = isInside ? i : i + step; at >= 0 && at < blocks.length; at += step) {
    const { firstUse } = needs[blocks[at].kind];
    const brought = backward ? firstUse.backward : firstUse.forward;
    if (brought.gathered + brought.fromHost > 0) return brought;
  }
  return backward ? null : broughtOf(chains.slice(row + 1), run, false);
}

/** Weights of the first use of the pass that comes next. */
function broughtFor(chains: readonly ChainNeed[], next: NextPass | null): Brought {
  return (next === null ? null : broughtOf(chains, next.run, next.backward)) ?? NOTHING_BROUGHT;
}

function broughtOf(chains: readonly ChainNeed[], run: number, backward: boolean): Brought | null {
  for (const { cost, runs, needs } of chains) {
    if (backward && !cost.learns) continue;
    const blocks = runs.ofRun[run];
    for (let i = 0; i < blocks.length; i++) {
      const { firstUse } = needs[blocks[backward ? blocks.length - 1 - i : i].kind];
      const brought = backward ? firstUse.backward : firstUse.forward;
      if (brought.gathered + brought.fromHost > 0) return brought;
    }
  }
  return null;
}
