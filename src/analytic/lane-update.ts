import type { Seconds } from '../base/index.ts';
import { copy, GRADIENTS, HOST, type LaneState, NOW, wait } from './lane-state.ts';
import { firstOf } from './learned.ts';
import { repeatedEnd, repeatedGathers } from './repeated-end.ts';
import type { GroupCost } from './weight-cost.ts';

/** Updates of all groups in the order in which gradients were complete. Returns when the last new weights are everywhere. */
export function updateAll(lane: LaneState): Seconds {
  const { clock, learned, layout } = lane;
  if (layout.offload.optimizer || layout.offload.weights) return updateOverHost(lane);
  let gathered = 0;
  for (let unit = 0; unit < learned.ends.length; unit++) {
    let own = 0;
    for (let row = firstOf(learned, unit); row < learned.ends[unit]; row++) own += learned.groups[row].updateSeconds;
    const end = repeatedEnd(clock[NOW], learned, unit, own);
    const begin = end - own * learned.times[unit];
    wait(lane, begin, GRADIENTS);
    clock[NOW] = end;
    gathered = repeatedGathers(gathered, begin, learned, unit, own);
  }
  return gathered;
}

/** State on the host comes one group ahead, and goes back behind. */
function updateOverHost(lane: LaneState): Seconds {
  const { clock, learned, layout, hostBytesPerSecond } = lane;
  const { offload } = layout;
  const { groups } = learned;
  const seconds = ({ stateBytes, storedBytes }: GroupCost) =>
    ((offload.optimizer ? stateBytes : 0) + (offload.weights ? storedBytes : 0)) / hostBytesPerSecond;
  let gathered = 0;
  let arrival = 0;
  for (const [i, group] of groups.entries()) {
    const own = i === 0 ? copy(lane, seconds(group), clock[NOW]) : arrival;
    if (i + 1 < groups.length) arrival = copy(lane, seconds(groups[i + 1]), clock[NOW]);
    wait(lane, own, HOST);
    wait(lane, learned.after[i], GRADIENTS);
    clock[NOW] += group.updateSeconds;
    copy(lane, seconds(group), clock[NOW]);
    for (const { updateGatherSeconds } of group.blocks) {
      if (updateGatherSeconds > 0) gathered = Math.max(gathered, clock[NOW]) + updateGatherSeconds;
    }
  }
  return gathered;
}
