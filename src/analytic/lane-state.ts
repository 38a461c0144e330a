import type { BytesPerSecond, Seconds } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import { type Learned, nothingLearned } from './learned.ts';
import type { UnitTime } from './unit-time.ts';
import { WIRES } from './weight-cost.ts';

/** Everything that a lane remembers; what grows with time stands in the first rows of `clock`, and below what stood there at two marks. */
export interface LaneState {
  readonly clock: Float64Array;
  readonly layout: LayoutSpec;
  readonly hostBytesPerSecond: BytesPerSecond;
  /** Groups that may be updated; and up to which unit nothing is left to be summed over replicas. */
  readonly learned: Learned;
  summedUnits: number;
  /** Until then the input of what comes next is on its way. */
  inputAt: Seconds;
  /** A gather is under way. */
  isAhead: boolean;
  /** The unit whose tensors were asked back from the host, and when they are there; and when those of the next one are. */
  fetchedFor: UnitTime | null;
  fetchedAt: Seconds;
  nextFetchedAt: Seconds;
  /** Tensors for the host that the unit has made. */
  made: HostCopy[];
  /** When the weights of the next use are there from the host; null as long as their copy is not in the clock. */
  aheadAt: Seconds | null;
  /** Copies of tensors that stand behind that of the next weights, which was begun before them and is not in the clock yet. */
  behindWeights: HostCopy[];
}

export interface HostCopy {
  readonly seconds: Seconds;
  /** It begins no sooner. */
  readonly at: Seconds;
  /** To the host, or from it for this unit or the next one. */
  readonly what: 'out' | 'own' | 'next';
}

/** Rows of the clock: the stream of computations, the begin of the gather that is under way, copies to and from the host, and what was waited for. */
export const NOW = 0;
export const AHEAD = 1;
export const COPIES = 2;
export const WEIGHTS = 3;
export const GRADIENTS = 4;
export const HOST = 5;
/** By wires: until when reductions have them, since when without a pause, and collectives of steps beside the gather that is under way. */
export const TAILS = 6;
export const BEGUN = TAILS + WIRES;
export const SENT = BEGUN + WIRES;
const CLOCKS = SENT + WIRES;

/** Times at which a pass began, and a unit. */
export const PASS_MARK = CLOCKS;
export const UNIT_MARK = PASS_MARK + CLOCKS;
const ROWS = UNIT_MARK + CLOCKS;

export function laneState(layout: LayoutSpec, hostBytesPerSecond: BytesPerSecond): LaneState {
  return {
    clock: new Float64Array(ROWS),
    layout,
    hostBytesPerSecond,
    learned: nothingLearned(),
    summedUnits: 0,
    inputAt: 0,
    isAhead: false,
    fetchedFor: null,
    fetchedAt: 0,
    nextFetchedAt: 0,
    made: [],
    aheadAt: null,
    behindWeights: [],
  };
}

export function mark({ clock }: LaneState, at: typeof PASS_MARK | typeof UNIT_MARK): void {
  for (let row = 0; row < CLOCKS; row++) clock[at + row] = clock[row];
}

/** What happened since a mark happens again, so many times. */
export function addTimes({ clock }: LaneState, since: typeof PASS_MARK | typeof UNIT_MARK, times: number): void {
  for (let row = 0; row < CLOCKS; row++) clock[row] += (clock[row] - clock[since + row]) * times;
}

/** The stream goes on at `until`, at the earliest. */
export function wait({ clock }: LaneState, until: Seconds, kind: typeof WEIGHTS | typeof GRADIENTS | typeof HOST): void {
  const seconds = until - clock[NOW];
  if (seconds <= 0) return;
  clock[kind] += seconds;
  clock[NOW] = until;
}

/** Copies to or from the host follow one another; returns when this one ends. */
export function copy({ clock }: LaneState, seconds: Seconds, after: Seconds): Seconds {
  clock[COPIES] = Math.max(clock[COPIES], after) + seconds;
  return clock[COPIES];
}

/** A tensor goes to the host or comes from it: behind the weights of the next use, where these are under way already. */
export function copyTensor(lane: LaneState, one: HostCopy): void {
  const { offload, overlap } = lane.layout;
  if (offload.weights && overlap.weights && lane.isAhead) lane.behindWeights.push(one);
  else copyNow(lane, one);
}

/** Nothing stands before these copies any more. */
export function copyWaiting(lane: LaneState): void {
  if (lane.behindWeights.length === 0) return;
  for (const one of lane.behindWeights) copyNow(lane, one);
  lane.behindWeights = [];
}

function copyNow(lane: LaneState, { seconds, at, what }: HostCopy): void {
  const end = copy(lane, seconds, at);
  if (what === 'own') lane.fetchedAt = end;
  if (what === 'next') lane.nextFetchedAt = end;
}

/** Reductions over the same wires follow one another; returns when this one ends. */
export function queue({ clock }: LaneState, wires: number, seconds: Seconds, after: Seconds): Seconds {
  if (clock[TAILS + wires] < after) {
    clock[BEGUN + wires] = after;
    clock[TAILS + wires] = after;
  }
  clock[TAILS + wires] += seconds;
  return clock[TAILS + wires];
}

/** How long reductions meet what sends for `most` of the time between two times, evenly; they take so much longer. */
export function shareWithReductions({ clock }: LaneState, wires: number, from: Seconds, to: Seconds, most: Seconds): Seconds {
  const met = Math.min(to, clock[TAILS + wires]) - Math.max(from, clock[BEGUN + wires]);
  const both = to > from ? (most * Math.min(met, to - from)) / (to - from) : 0;
  if (both <= 0) return 0;
  clock[TAILS + wires] += both;
  return both;
}
