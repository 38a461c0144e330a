import type { Seconds } from '../base/index.ts';
import { firstOf, type Learned } from './learned.ts';
import type { GroupCost } from './weight-cost.ts';

/**
 * When the last update of a row of equal units ends, `own` seconds for each. An update begins when the one before it has ended and its gradients are there, so the end is the
 * longest of: all of them from `from` on; and from some gradients on all that is left. What that is changes evenly from unit to unit, so only the first and
 * the last unit can be it.
 */
export function repeatedEnd(from: Seconds, learned: Learned, unit: number, own: Seconds): Seconds {
  const { groups, after, step } = learned;
  const times = learned.times[unit];
  let end = from + own * times;
  let before = 0;
  for (let i = firstOf(learned, unit); i < learned.ends[unit]; i++) {
    const first = after[i] + own * times - before;
    const last = after[i] + step[i] * (times - 1) + own - before;
    end = Math.max(end, first, last);
    before += groups[i].updateSeconds;
  }
  return end;
}

/** When the last of their new weights are everywhere: each gather begins behind its update and behind the gather before it, of which the last ended at `from`. */
export function repeatedGathers(from: Seconds, begin: Seconds, learned: Learned, unit: number, own: Seconds): Seconds {
  const { groups } = learned;
  const times = learned.times[unit];
  let all = 0;
  for (let i = firstOf(learned, unit); i < learned.ends[unit]; i++) all += gatherSeconds(groups[i]);
  if (all === 0) return from;
  let end = from + all * times;
  let updated = 0;
  let left = all;
  for (let i = firstOf(learned, unit); i < learned.ends[unit]; i++) {
    updated += groups[i].updateSeconds;
    end = Math.max(end, begin + updated + left + all * (times - 1), begin + own * (times - 1) + updated + left);
    left -= gatherSeconds(groups[i]);
  }
  return end;
}

function gatherSeconds({ blocks }: GroupCost): Seconds {
  let seconds = 0;
  for (const { updateGatherSeconds } of blocks) seconds += updateGatherSeconds;
  return seconds;
}
