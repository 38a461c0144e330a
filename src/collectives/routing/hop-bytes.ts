import type { Topology } from '../../hardware/index.ts';
import type { SliceTraffic } from './axis-traffic.ts';
import { forEachDestination, membersPerChip } from './by-destination.ts';
import { shortestWays } from './shortest-ways.ts';
import { looksAlikeFromEveryChip, type SliceMembers } from './slice-members.ts';
import type { Traffic } from './traffic.ts';

/** Sum of traffic x hops of its shortest way, within one slice: what all links together must carry at least. */
export function hopBytes(topology: Topology, part: SliceMembers, members: number, traffic: Traffic, summed: SliceTraffic): number {
  if (part.box) return onGrid(topology, summed);
  const ways = shortestWays(topology, part.firstChip);
  if (traffic.kind === 'uniform' && looksAlikeFromEveryChip(topology)) {
    const counts = membersPerChip(ways.chips, part.chips);
    if (counts.every((count) => count === counts[0])) {
      ways.towards(0);
      return ways.hops.reduce((sum, hops) => sum + hops, 0) * traffic.bytesPerPair * counts[0] * counts[0] * ways.chips;
    }
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
