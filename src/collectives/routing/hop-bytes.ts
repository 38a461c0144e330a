import { coordinatesOf, type Topology } from '../../hardware/index.ts';
import type { SliceTraffic } from './axis-traffic.ts';
import { chipsOfMembers, forEachDestination, membersPerChip } from './by-destination.ts';
import { shortestWays } from './shortest-ways.ts';
import { isWholeGrid, looksAlikeFromEveryChip, type SliceMembers } from './slice-members.ts';
import type { Traffic } from './traffic.ts';

/** Sum of traffic x hops of its shortest way, within one slice: what all links together must carry at least. */
export function hopBytes(topology: Topology, part: SliceMembers, members: number, traffic: Traffic, summed: SliceTraffic): number {
  if (isWholeGrid(topology)) return onGrid(topology, summed);
  return looksAlikeFromEveryChip(topology)
    ? byDifference(topology, part, members, traffic)
    : byDestination(topology, part, members, traffic);
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

/** Where the wires look alike from every chip, hops depend on the difference of coordinates alone: one search serves all destinations. */
function byDifference(topology: Topology, part: SliceMembers, members: number, traffic: Traffic): number {
  const ways = shortestWays(topology, part.firstChip);
  ways.towards(0);
  if (traffic.kind === 'uniform') {
    const counts = membersPerChip(ways.chips, chipsOfMembers(topology, part));
    if (counts.every((count) => count === counts[0])) {
      return ways.hops.reduce((sum, hops) => sum + hops, 0) * traffic.bytesPerPair * counts[0] ** 2 * ways.chips;
    }
  }
  const difference = differences(topology);
  let sum = 0;
  forEachDestination(topology, part, members, traffic, (to, flow) => {
    for (let from = 0; from < flow.length; from++) if (flow[from] > 0) sum += flow[from] * ways.hops[difference(from, to)];
  });
  return sum;
}

function byDestination(topology: Topology, part: SliceMembers, members: number, traffic: Traffic): number {
  const ways = shortestWays(topology, part.firstChip);
  let sum = 0;
  forEachDestination(topology, part, members, traffic, (to, flow) => {
    ways.towards(to, flow);
    for (let from = 0; from < flow.length; from++) if (flow[from] > 0) sum += flow[from] * ways.hops[from];
  });
  return sum;
}

/** The chip that stands to chip 0 as `from` to `to`: a whole turn along a dimension counts as what its wrap adds to others. */
function differences({ shape, twist }: Topology): (from: number, to: number) => number {
  const chips = shape.reduce((product, side) => product * side, 1);
  const at = Int32Array.from(
    { length: chips * shape.length },
    (_, i) => coordinatesOf(shape, Math.floor(i / shape.length))[i % shape.length],
  );
  const dimensions = shape.length;
  // Sides that shift others come first: their wraps are settled before those that they shift.
  const order = shape.map((_, axis) => axis).sort((a, b) => shifts(twist[b]) - shifts(twist[a]));
  const gap = new Int32Array(dimensions);
  return (from, to) => {
    for (let axis = 0; axis < dimensions; axis++) gap[axis] = at[from * dimensions + axis] - at[to * dimensions + axis];
    for (const axis of order) {
      if (gap[axis] >= 0) continue;
      gap[axis] += shape[axis];
      for (let other = 0; other < dimensions; other++) gap[other] -= twist[axis][other];
    }
    let chip = 0;
    for (let axis = dimensions - 1; axis >= 0; axis--)
      chip = chip * shape[axis] + (((gap[axis] % shape[axis]) + shape[axis]) % shape[axis]);
    return chip;
  };
}

function shifts(row: readonly number[]): number {
  return row.some((shift) => shift !== 0) ? 1 : 0;
}
