import type { Bytes } from '../base/index.ts';
import type { PipelineOrder } from './pipeline-order.ts';

/** A pass through a run of a stage, and what other microbatches have there meanwhile. */
export interface RunMoment {
  readonly run: number;
  readonly backward: boolean;
  /** The first backward pass through the run, where several microbatches add up gradients. */
  readonly opens: boolean;
  /** The last one of several, behind which only shares of gradients are left. */
  readonly closes: boolean;
  /** Place in the order of a pipeline; -1 where there is one stage. */
  readonly place: number;
  /** Bytes of other microbatches, and gradients of runs that an earlier microbatch has come back through. */
  readonly beside: Bytes;
  readonly keptGradients: Bytes;
  /** What the stage does next. */
  readonly next: NextPass | null;
  /** There is a fuller one like it, but before another pass: only what comes for the next pass can make this one the fullest. */
  readonly isTurn: boolean;
}

export interface NextPass {
  readonly run: number;
  readonly backward: boolean;
}

/** What the runs of a stage keep, by row of them. */
export interface RunBytes {
  /** Of each microbatch, from its forward to its backward pass. */
  readonly held: readonly Bytes[];
  /** Gradients between microbatches, where there are several; and when all are reduced. */
  readonly kept: readonly Bytes[];
  readonly done: readonly Bytes[];
  /** What comes from the stage before, and the gradient from the one behind. */
  readonly inputs: readonly Bytes[];
  readonly gradients: readonly Bytes[];
  readonly microbatches: number;
  /** The last of several microbatches leaves shares of gradients as it goes. */
  readonly leavesShares: boolean;
}

const FORWARD = 0;
const BACKWARD = 1;
const OPENING = 2;
const CLOSING = 3;
const SORTS = 4;

/**
 * Of each run of a stage, the passes during which most is there of other microbatches: forward, the first and the last one backward, and the others backward. `turns`: for
 * each pass that may follow one.
 */
export function fullestMoments(order: PipelineOrder, stage: number, rows: number, bytes: RunBytes, turns: boolean): RunMoment[] {
  const { backward, next, run, stages } = order;
  const { held, kept, done, inputs, gradients } = bytes;
  const sorts = turns ? 2 * rows + 1 : 1;
  const most: (RunMoment | undefined)[] = [];
  for (let place = 0; place < SORTS * rows * sorts; place++) most.push(undefined);
  const returned = held.map(() => 0);
  let beside = 0;
  let keptGradients = 0;
  for (const i of order.seenBy[stage]) {
    const back = backward[i] === 1;
    if (order.stage[i] !== stage) {
      beside += (back ? gradients : inputs)[(run[i] + (back ? -1 : 1) - stage) / stages];
      continue;
    }
    const row = (run[i] - stage) / stages;
    if (order.sent[i] === 1) beside -= (back ? gradients : inputs)[row];
    if (back) {
      beside -= held[row];
      returned[row]++;
    }
    const isLast = returned[row] === bytes.microbatches;
    const opens = back && returned[row] === 1 && !isLast;
    const closes = back && isLast && bytes.leavesShares;
    const after = next[i];
    const turn = !turns || after < 0 ? 0 : 1 + 2 * ((run[after] - stage) / stages) + backward[after];
    const sort = (SORTS * row + (opens ? OPENING : closes ? CLOSING : back ? BACKWARD : FORWARD)) * sorts + turn;
    const known = most[sort];
    if (known === undefined || beside + keptGradients > bytesOf(known)) {
      const then = after < 0 ? null : { run: run[after], backward: backward[after] === 1 };
      most[sort] = { run: run[i], backward: back, opens, closes, place: i, beside, keptGradients, next: then, isTurn: false };
    }
    if (!back) beside += held[row];
    if (opens) keptGradients += kept[row];
    if (back && isLast) keptGradients += done[row] - kept[row];
  }
  return fullestOfEach(most, sorts, kept);
}

/** The fullest of each sort, and the others for the pass behind them; without first and last passes during which less is there than during others. */
function fullestOfEach(most: readonly (RunMoment | undefined)[], sorts: number, kept: readonly Bytes[]): RunMoment[] {
  const all: RunMoment[] = [];
  for (let first = 0; first < most.length; first += SORTS * sorts) {
    const others = fullestOf(most, first + BACKWARD * sorts, sorts);
    for (let sort = 0; sort < SORTS; sort++) {
      const from = first + sort * sorts;
      const fullest = fullestOf(most, from, sorts);
      if (fullest === undefined) continue;
      const more = sort === OPENING ? kept[first / (SORTS * sorts)] : 0;
      const isLess = sort >= OPENING && others !== undefined && bytesOf(others) >= bytesOf(fullest) + more;
      if (!isLess) all.push(fullest);
      for (let turn = from; sorts > 1 && turn < from + sorts; turn++) {
        const one = most[turn];
        if (one !== undefined && (isLess || one !== fullest)) all.push({ ...one, isTurn: true });
      }
    }
  }
  return all;
}

function fullestOf(most: readonly (RunMoment | undefined)[], from: number, count: number): RunMoment | undefined {
  let fullest = most[from];
  for (let i = from + 1; i < from + count; i++) {
    const one = most[i];
    if (one !== undefined && (fullest === undefined || bytesOf(one) > bytesOf(fullest))) fullest = one;
  }
  return fullest;
}

function bytesOf({ beside, keptGradients }: RunMoment): Bytes {
  return beside + keptGradients;
}

/** By run: how many other microbatches it holds during a pass, and has on their way to it, as inputs and as gradients. */
export interface Fill {
  readonly others: number[];
  readonly inputs: number[];
  readonly gradients: number[];
}

export function fillDuring({ run, backward, stage, sent, seenBy }: PipelineOrder, place: number, runs: number): Fill {
  const zeros = (): number[] => Array.from({ length: runs }, () => 0);
  const fill = { others: zeros(), inputs: zeros(), gradients: zeros() };
  const own = stage[place];
  for (const i of seenBy[own]) {
    if (i > place) break;
    const back = backward[i] === 1;
    const coming = back ? fill.gradients : fill.inputs;
    if (stage[i] !== own) {
      coming[run[i] + (back ? -1 : 1)]++;
      continue;
    }
    if (sent[i] === 1) coming[run[i]]--;
    if (back) fill.others[run[i]]--;
    else if (i < place) fill.others[run[i]]++;
  }
  return fill;
}
