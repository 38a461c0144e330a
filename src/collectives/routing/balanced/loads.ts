import type { Topology } from '../../../hardware/index.ts';
import type { LinkLoads } from '../../link-loads.ts';
import { type ShortestWays, shortestWays } from '../../shortest-ways.ts';
import { membersOfEveryChip } from '../alike.ts';
import { forEachDestination } from '../by-destination.ts';
import type { SliceMembers } from '../slice-members.ts';
import type { Traffic } from '../traffic.ts';

/**
 * Adds traffic within one slice, in equal parts at every chip over all links that lie on a shortest way (equal-cost multipath, per hop). Ways may lead
 * over chips of the slice that are no members. Per destination, chips hand on what they have and what came to them, the farthest first: one
 * sweep over the links, whatever the number of senders. Returns the hops of the longest way that is used.
 */
export function addBalancedLoads(loads: LinkLoads, topology: Topology, part: SliceMembers, members: number, traffic: Traffic): number {
  const ways = shortestWays(topology, part.firstChip);
  if (traffic.kind === 'uniform') {
    const perChip = membersOfEveryChip(topology, part);
    if (perChip > 0) return addFromOne(loads, topology, ways, perChip * perChip * traffic.bytesPerPair);
  }
  const sums = new Float64Array(topology.links.count);
  let longest = 0;
  forEachDestination(topology, part, members, traffic, (destination, flow) => {
    longest = Math.max(longest, deliver(ways, destination, flow, sums));
  });
  for (const row of ways.outLinks) if (sums[row] > 0) loads.add(row, sums[row]);
  return longest;
}

/** All chips send alike, and the wires look alike from each: the ways to one chip, added up by kind of link, are what every link of that kind carries. */
function addFromOne(loads: LinkLoads, { links, shape }: Topology, ways: ShortestWays, bytesPerPair: number): number {
  const pairs = new Float64Array(links.count);
  const hops = deliver(ways, 0, new Float64Array(ways.chips).fill(1, 1), pairs);
  const sums = new Float64Array(shape.length * 2);
  const kindOf = (row: number) => links.axis[row] * 2 + (links.direction[row] === 1 ? 0 : 1);
  for (const row of ways.outLinks) sums[kindOf(row)] += pairs[row];
  for (const row of ways.outLinks) loads.add(row, sums[kindOf(row)] * bytesPerPair);
  return bytesPerPair > 0 ? hops : 0;
}

/** Takes all of `flow` to the destination. Returns the hops of the farthest sender, and looks no farther. */
function deliver(ways: ShortestWays, destination: number, flow: Float64Array, loads: Float64Array): number {
  const farthest = ways.towards(destination, flow);
  const { steps, stepFrom, stepTo, stepLinks, choices } = ways;
  // Steps are found from the destination outwards; backwards, all that comes to a chip has come before it hands anything on.
  for (let step = steps() - 1; step >= 0; step--) {
    const from = stepFrom[step];
    const share = flow[from] / choices[from];
    loads[stepLinks[step]] += share;
    flow[stepTo[step]] += share;
  }
  return farthest;
}
