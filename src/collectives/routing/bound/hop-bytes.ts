import type { Topology } from '../../../hardware/index.ts';
import { shortestWays } from '../../shortest-ways.ts';
import { membersOfEveryChip } from '../alike.ts';
import { forEachDestination } from '../by-destination.ts';
import type { SliceMembers } from '../slice-members.ts';
import type { Traffic } from '../traffic.ts';
import type { SliceTraffic } from './axis-traffic.ts';

/** Sum of traffic x hops of its shortest way, within one slice: what all links together must carry at least. */
export function hopBytes(topology: Topology, part: SliceMembers, members: number, traffic: Traffic, summed: SliceTraffic): number {
  if (part.box) return onGrid(topology, summed);
  const ways = shortestWays(topology, part.firstChip);
  const perChip = traffic.kind === 'uniform' ? membersOfEveryChip(topology, part) : 0;
  if (traffic.kind === 'uniform' && perChip > 0) {
    ways.towards(0);
    return ways.hops.reduce((sum, hops) => sum + hops, 0) * traffic.bytesPerPair * perChip * perChip * ways.chips;
  }
  let sum = 0;
  forEachDestination(topology, part, members, traffic, (to, flow) => {
    ways.towards(to, flow);
    for (let from = 0; from < flow.length; from++) if (flow[from] > 0) sum += flow[from] * ways.hops[from];
  });
  return sum;
}

/** Hops add up over the dimensions, so bytes between coordinates are all that counts. */
function onGrid({ shape, wrap }: Topology, { alongAxis }: SliceTraffic): number {
  return shape.reduce((sum, side, axis) => {
    for (let i = 0; i < side * side; i++) {
      const straight = Math.abs(Math.floor(i / side) - (i % side));
      sum += alongAxis[axis][i] * (wrap[axis] ? Math.min(straight, side - straight) : straight);
    }
    return sum;
  }, 0);
}
