import type { Seconds } from '../base/index.ts';
import {
  AHEAD,
  copy,
  copyWaiting,
  GRADIENTS,
  HOST,
  type LaneState,
  NOW,
  queue,
  SENT,
  shareWithReductions,
  WEIGHTS,
  wait,
} from './lane-state.ts';
import { addLearned } from './learned.ts';
import { type GroupCost, WIRES } from './weight-cost.ts';

/** The copy of the weights of the next use from the host, which was begun with the use before it. */
export function copyAhead(lane: LaneState, { storedBytes }: GroupCost): Seconds {
  lane.aheadAt ??= copy(lane, storedBytes / lane.hostBytesPerSecond, lane.clock[AHEAD]);
  return lane.aheadAt;
}

/** The next computation needs the weights of a group: from the host, and from the devices that they are sharded over. */
export function bring(lane: LaneState, group: GroupCost): void {
  const { blocks, gatherSeconds, storedBytes } = group;
  const { clock, layout } = lane;
  const isPrefetched = layout.overlap.weights && lane.isAhead;
  let end = isPrefetched ? clock[AHEAD] : clock[NOW];
  if (layout.offload.weights) {
    end = isPrefetched ? copyAhead(lane, group) : copy(lane, storedBytes / lane.hostBytesPerSecond, end);
    lane.aheadAt = null;
    copyWaiting(lane);
    wait(lane, end, HOST);
  }
  if (gatherSeconds > 0) {
    const [wires] = blocks[0].sort.wires;
    const steps = isPrefetched ? shareWithSteps(lane, wires, gatherSeconds) : 0;
    wait(lane, clock[NOW] + steps, WEIGHTS);
    end += gatherSeconds + steps + shareWithReductions(lane, wires, end, end + gatherSeconds, gatherSeconds);
    wait(lane, end, WEIGHTS);
  }
  clock[AHEAD] = clock[NOW];
  for (let wires = 0; wires < WIRES; wires++) clock[SENT + wires] = 0;
  lane.isAhead = true;
}

/** Collectives of steps that went over the wires of a gather while it was under way made both longer. */
function shareWithSteps({ clock }: LaneState, wires: number, gather: Seconds): Seconds {
  const window = clock[NOW] - clock[AHEAD];
  const sent = clock[SENT + wires];
  return sent === 0 || window <= 0 ? 0 : Math.min(gather, sent * Math.min(1, gather / window));
}

/** The gradient of a group is complete: for this microbatch, or with the last one for all. */
export function learn(lane: LaneState, group: GroupCost, last: boolean): void {
  const { clock, layout } = lane;
  const complete = clock[NOW];
  let after = complete;
  for (const { sort, scatterSeconds, holdersSeconds, tensorWires, sumSeconds } of group.blocks) {
    let done = sort.shards > 1 ? queue(lane, sort.wires[0], scatterSeconds, complete) : complete;
    if (last && layout.overlap.gradients) {
      if (holdersSeconds > 0) done = queue(lane, tensorWires, holdersSeconds, done);
      if (sort.copies > 1) done = queue(lane, sort.wires[1], sumSeconds, done);
    }
    after = Math.max(after, done);
  }
  if (!layout.overlap.gradients) wait(lane, after, GRADIENTS);
  if (last) addLearned(lane.learned, group, after);
}
