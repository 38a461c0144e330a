import type { BytesPerSecond, Seconds } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import {
  addTimes,
  COPIES,
  copyTensor,
  copyWaiting,
  GRADIENTS,
  HOST,
  type LaneState,
  laneState,
  mark,
  NOW,
  PASS_MARK,
  queue,
  SENT,
  shareWithReductions,
  TAILS,
  UNIT_MARK,
  WEIGHTS,
  wait,
} from './lane-state.ts';
import { updateAll } from './lane-update.ts';
import { bring, copyAhead, learn } from './lane-weights.ts';
import { delayLearned, endUnit, firstOf, repeatUnit, type TiedSum } from './learned.ts';
import type { PassTime, UnitTime } from './unit-time.ts';
import { type GroupCost, WIRES } from './weight-cost.ts';

/** What computations of a lane waited for. */
export interface Waits {
  readonly weights: Seconds;
  readonly gradients: Seconds;
  readonly host: Seconds;
}

/**
 * The clock of devices that run the same: one stream of computations and of the collectives of steps; gathers, reductions and copies run beside it. A gather
 * begins when the one before it is there and the use before it begins (prefetch), or when its own use comes. Reductions over the same wires follow one
 * another. What runs over the same wires as a gather or a step's collective has half of them while both go on, so both take so much longer.
 */
export interface Lane {
  readonly now: () => Seconds;
  readonly waits: () => Waits;
  /** The next computation begins at this time, at the earliest: until then its input is on its way. Copies that need no input do not wait for it. */
  begin(at: Seconds): void;
  /** The forward passes of `count` equal units. `learns`: what is offloaded goes to the host behind each. */
  forward(unit: UnitTime, count: number, learns: boolean): void;
  /** Their backward passes. `next`: the unit behind the last of them, if what it offloaded comes back ahead of it; `last`: of the last microbatch. */
  backward(unit: UnitTime, count: number, next: UnitTime | null, last: boolean): void;
  /** A backward pass through all units has ended. */
  endOfPass(): void;
  /** Updates of all groups that were learned; of the one whose gradient is added to that of another stage not before that is done. Returns when the step ends. */
  update(tied: TiedSum | null): Seconds;
  mark(): void;
  /** What happened since the mark happens again, so many times. */
  repeat(times: number): void;
}

/** Of a row of equal units, the first one finds its pace, the second one is measured, and the last one goes on to what follows. */
const TO_PACE = 2;
const LEAST_REPEATED = TO_PACE + 2;

export function createLane(layout: LayoutSpec, hostBytesPerSecond: BytesPerSecond): Lane {
  const lane = laneState(layout, hostBytesPerSecond);
  const { clock } = lane;
  return {
    now: () => clock[NOW],
    waits: () => ({ weights: clock[WEIGHTS], gradients: clock[GRADIENTS], host: clock[HOST] }),
    begin(at) {
      lane.inputAt = at;
    },
    forward(unit, count, learns) {
      const skipped = skippedOf(lane, unit, count);
      for (let i = 0; i < count - skipped; i++) {
        if (skipped > 0 && i === TO_PACE - 1) mark(lane, UNIT_MARK);
        forwardOnce(lane, unit, learns);
        if (skipped > 0 && i === TO_PACE - 1) addTimes(lane, UNIT_MARK, skipped);
      }
    },
    backward(unit, count, next, last) {
      const skipped = skippedOf(lane, unit, count);
      for (let i = 0; i < count - skipped; i++) {
        if (skipped > 0 && i === TO_PACE - 1) mark(lane, UNIT_MARK);
        backwardOnce(lane, unit, i === count - skipped - 1 ? next : unit, last);
        if (skipped === 0 || i !== TO_PACE - 1) continue;
        addTimes(lane, UNIT_MARK, skipped);
        if (last) repeatUnit(lane.learned, skipped);
      }
    },
    endOfPass: () => endOfPass(lane),
    update(tied) {
      if (tied !== null) delayLearned(lane.learned, tied);
      awaitInput(lane);
      copyWaiting(lane);
      let reduced = updateAll(lane);
      for (let wires = 0; wires < WIRES; wires++) reduced = Math.max(reduced, clock[TAILS + wires]);
      wait(lane, reduced, GRADIENTS);
      wait(lane, clock[COPIES], HOST);
      return clock[NOW];
    },
    mark: () => mark(lane, PASS_MARK),
    repeat: (times) => addTimes(lane, PASS_MARK, times),
  };
}

/** Of `count` equal units, how many take what one takes at their pace. */
function skippedOf({ layout: { offload } }: LaneState, { offloadedSeconds }: UnitTime, count: number): number {
  const usesHost = offloadedSeconds > 0 || offload.weights || offload.optimizer;
  return count < LEAST_REPEATED || usesHost ? 0 : count - TO_PACE - 1;
}

function forwardOnce(lane: LaneState, unit: UnitTime, learns: boolean): void {
  run(lane, unit.forward, unit, false);
  // What is offloaded goes behind everything else that the unit copies.
  if (lane.made.length === 0) return;
  if (learns) for (const one of lane.made) copyTensor(lane, one);
  lane.made = [];
}

function backwardOnce(lane: LaneState, unit: UnitTime, next: UnitTime | null, last: boolean): void {
  const { clock } = lane;
  const at = clock[NOW];
  if (unit.offloadedSeconds > 0 && lane.fetchedFor !== unit) copyTensor(lane, { seconds: unit.offloadedSeconds, at, what: 'own' });
  if (next !== null && next.offloadedSeconds > 0) copyTensor(lane, { seconds: next.offloadedSeconds, at, what: 'next' });
  run(lane, unit.backward, unit, last);
  copyWaiting(lane);
  lane.fetchedFor = next;
  lane.fetchedAt = lane.nextFetchedAt;
  if (last) endUnit(lane.learned);
}

function run(lane: LaneState, { beats, seconds, sent }: PassTime, { groups, offloadedSeconds }: UnitTime, last: boolean): void {
  const { clock, layout, hostBytesPerSecond } = lane;
  awaitInput(lane);
  let next = 0;
  for (let i = 0; i < beats.length; i++) {
    const { needs, fetchedBytes, storedBytes, learned } = beats[i];
    for (const row of needs) if (groups[row].isSharded || layout.offload.weights) bring(lane, groups[row]);
    if (fetchedBytes > 0) {
      if (lane.behindWeights.length > 0) copyNextWeights(lane, beats.slice(i), groups);
      copyWaiting(lane);
      wait(lane, lane.fetchedAt - (offloadedSeconds - fetchedBytes / hostBytesPerSecond), HOST);
    }
    const from = clock[NOW];
    const to = from + seconds[i];
    clock[NOW] = to;
    for (; next < sent.length && sent[next].beat === i; next++) {
      const { wires, seconds: own } = sent[next];
      clock[SENT + wires] += own;
      wait(lane, clock[NOW] + shareWithReductions(lane, wires, from, to, own), GRADIENTS);
    }
    if (storedBytes > 0) lane.made.push({ seconds: storedBytes / hostBytesPerSecond, at: clock[NOW], what: 'out' });
    for (const row of learned) learn(lane, groups[row], last);
  }
}

function awaitInput({ clock, inputAt }: LaneState): void {
  if (inputAt > clock[NOW]) clock[NOW] = inputAt;
}

/** Weights that are on their way stand before tensors that a beat without weights waits for. */
function copyNextWeights(lane: LaneState, beats: PassTime['beats'], groups: readonly GroupCost[]): void {
  const next = beats.find(({ needs }) => needs.length > 0);
  if (next !== undefined) copyAhead(lane, groups[next.needs[0]]);
}

/** What does not travel behind the pass is summed over replicas, and waited for. */
function endOfPass(lane: LaneState): void {
  const { clock, learned, layout } = lane;
  lane.fetchedFor = null;
  const units = learned.ends.length;
  if (layout.overlap.gradients || lane.summedUnits === units) return;
  const complete = clock[NOW];
  for (let unit = lane.summedUnits; unit < units; unit++) {
    const times = learned.times[unit];
    for (let row = firstOf(learned, unit); row < learned.ends[unit]; row++) {
      for (const { sort, holdersSeconds, tensorWires, sumSeconds } of learned.groups[row].blocks) {
        const held = holdersSeconds > 0 ? queue(lane, tensorWires, holdersSeconds * times, complete) : complete;
        if (sort.copies > 1) queue(lane, sort.wires[1], sumSeconds * times, held);
      }
    }
  }
  for (let wires = 0; wires < WIRES; wires++) wait(lane, clock[TAILS + wires], GRADIENTS);
  lane.summedUnits = units;
}
