import { coordinatesOf, type Topology } from '../../hardware/index.ts';
import type { SliceTraffic } from './axis-traffic.ts';
import { shortestWays } from './shortest-ways.ts';
import { isWholeGrid, looksAlikeFromEveryChip, type SliceMembers } from './slice-members.ts';
import { forEachPair, type Traffic } from './traffic.ts';

/** Sum of traffic x hops of its shortest way, within one slice: what all links together must carry at least. */
export function hopBytes(topology: Topology, part: SliceMembers, members: number, traffic: Traffic, summed: SliceTraffic): number {
  if (isWholeGrid(topology)) return onGrid(topology, summed);
  const chipOf = part.devices.map((device) => Math.floor(device / topology.devicesPerChip) - part.firstChip);
  return looksAlikeFromEveryChip(topology)
    ? byDifference(topology, part, chipOf, members, traffic)
    : byDestination(topology, part, chipOf, members, traffic);
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
function byDifference(topology: Topology, part: SliceMembers, chipOf: Uint32Array, members: number, traffic: Traffic): number {
  const ways = shortestWays(topology, part.firstChip);
  ways.towards(0);
  if (traffic.kind === 'uniform' && chipOf.length % ways.chips === 0 && hasAllAlike(chipOf, ways.chips)) {
    return (ways.hops.reduce((sum, hops) => sum + hops, 0) * traffic.bytesPerPair * chipOf.length * chipOf.length) / ways.chips;
  }
  const difference = differences(topology);
  return sumOverPairs(part, chipOf, members, traffic, (from, to) => ways.hops[difference(from, to)]);
}

/** One search per destination; its column of a matrix is read by and by, which memory likes less than searching does. */
function byDestination(topology: Topology, part: SliceMembers, chipOf: Uint32Array, members: number, traffic: Traffic): number {
  const ways = shortestWays(topology, part.firstChip);
  if (traffic.kind === 'pairs') {
    return sumOverPairs(part, chipOf, members, traffic, (from, to) => {
      ways.towards(to);
      return ways.hops[from];
    });
  }
  const receivers = Uint32Array.from(chipOf.keys()).sort((a, b) => chipOf[a] - chipOf[b] || a - b);
  let sum = 0;
  let searched = -1;
  for (const receiver of receivers) {
    if (chipOf[receiver] !== searched) ways.towards(chipOf[receiver]);
    searched = chipOf[receiver];
    for (let i = 0; i < chipOf.length; i++) {
      const hops = ways.hops[chipOf[i]];
      if (hops === 0) continue;
      const bytes = traffic.kind === 'uniform' ? traffic.bytesPerPair : traffic.bytes[part.members[i] * members + part.members[receiver]];
      sum += bytes * hops;
    }
  }
  return sum;
}

function sumOverPairs(
  part: SliceMembers,
  chipOf: Uint32Array,
  members: number,
  traffic: Traffic,
  hopsOf: (from: number, to: number) => number,
): number {
  const chipOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) chipOfMember[member] = chipOf[i];
  let sum = 0;
  forEachPair(traffic, members, (sender, receiver, bytes) => {
    const [from, to] = [chipOfMember[sender], chipOfMember[receiver]];
    if (from >= 0 && to >= 0 && from !== to) sum += bytes * hopsOf(from, to);
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

function hasAllAlike(chipOf: Uint32Array, chips: number): boolean {
  const perChip = new Uint32Array(chips);
  for (const chip of chipOf) perChip[chip]++;
  return perChip.every((count) => count === perChip[0]);
}
