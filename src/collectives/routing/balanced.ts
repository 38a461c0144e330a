import type { Topology } from '../../hardware/index.ts';
import { type ShortestWays, shortestWays } from './shortest-ways.ts';
import { looksAlikeFromEveryChip, type SliceMembers } from './slice-members.ts';
import type { Traffic } from './traffic.ts';

/** Receivers whose columns of a matrix are read at once: a cache line has eight numbers. */
const COLUMNS = 16;

/**
 * Adds traffic within one slice, in equal parts at every chip over all links that lie on a shortest way (equal-cost multipath, per hop). Ways may lead
 * over chips of the slice that are no members. Per destination, chips hand on what they have and what came to them, the farthest first: one
 * sweep over the links, whatever the number of senders. Returns the hops of the longest way that is used.
 */
export function addBalancedLoads(loads: Float64Array, topology: Topology, part: SliceMembers, members: number, traffic: Traffic): number {
  const chipOf = part.devices.map((device) => Math.floor(device / topology.devicesPerChip) - part.firstChip);
  const chips = topology.chips / topology.slices;
  if (traffic.kind === 'uniform') {
    const perChip = new Float64Array(chips);
    for (const chip of chipOf) perChip[chip]++;
    if (perChip.every((count) => count === perChip[0]) && looksAlikeFromEveryChip(topology)) {
      return addFromOne(loads, topology, part, perChip[0] ** 2 * traffic.bytesPerPair);
    }
    return sweepAll(loads, topology, part, perChip, (destination, flow) => {
      for (let chip = 0; chip < chips; chip++) flow[chip] = perChip[chip] * perChip[destination] * traffic.bytesPerPair;
    });
  }
  if (traffic.kind === 'matrix') return sweepMatrix(loads, topology, part, chipOf, members, traffic.bytes);
  return sweepPairs(loads, topology, part, chipOf, members, traffic);
}

/** All chips send alike, and the wires look alike from each: the ways to one chip, added up by kind of link, are what every link of that kind carries. */
function addFromOne(loads: Float64Array, topology: Topology, part: SliceMembers, bytesPerPair: number): number {
  const { links, shape } = topology;
  const ways = shortestWays(topology, part.firstChip);
  const known = ways.towards(0);
  const pairs = new Float64Array(links.count);
  sweep(ways, known, new Float64Array(ways.chips).fill(1), pairs);
  const sums = new Float64Array(shape.length * 2);
  const kindOf = (row: number) => links.axis[row] * 2 + (links.direction[row] === 1 ? 0 : 1);
  for (const row of ways.outLinks) sums[kindOf(row)] += pairs[row];
  for (const row of ways.outLinks) loads[row] += sums[kindOf(row)] * bytesPerPair;
  return ways.hops[ways.order[known - 1]];
}

/** Chips that have members: they alone send and receive. */
function sweepAll(
  loads: Float64Array,
  topology: Topology,
  part: SliceMembers,
  perChip: Float64Array,
  fill: (destination: number, flow: Float64Array) => void,
): number {
  const ways = shortestWays(topology, part.firstChip);
  const flow = new Float64Array(ways.chips);
  let longest = 0;
  for (let destination = 0; destination < ways.chips; destination++) {
    if (perChip[destination] === 0) continue;
    fill(destination, flow);
    longest = Math.max(longest, deliver(ways, destination, flow, loads));
  }
  return longest;
}

/** Columns are gathered some at a time, because a matrix is stored by rows. */
function sweepMatrix(
  loads: Float64Array,
  topology: Topology,
  part: SliceMembers,
  chipOf: Uint32Array,
  members: number,
  matrix: Float64Array,
): number {
  const ways = shortestWays(topology, part.firstChip);
  const flows = Array.from({ length: COLUMNS }, () => new Float64Array(ways.chips));
  const receivers = Uint32Array.from(chipOf.keys()).sort((a, b) => chipOf[a] - chipOf[b] || a - b);
  let longest = 0;
  let start = 0;
  while (start < receivers.length) {
    // Receivers of one chip share a sweep, so a batch ends with a chip.
    let end = start;
    let destinations = 0;
    const slot = new Int32Array(receivers.length - start);
    while (end < receivers.length) {
      const isNew = end === start || chipOf[receivers[end]] !== chipOf[receivers[end - 1]];
      if (isNew && destinations === COLUMNS) break;
      if (isNew) destinations++;
      slot[end - start] = destinations - 1;
      end++;
    }
    for (let i = 0; i < chipOf.length; i++) {
      const row = part.members[i] * members;
      for (let j = start; j < end; j++) flows[slot[j - start]][chipOf[i]] += matrix[row + part.members[receivers[j]]];
    }
    for (let j = start; j < end; j++) {
      if (j > start && slot[j - start] === slot[j - start - 1]) continue;
      longest = Math.max(longest, deliver(ways, chipOf[receivers[j]], flows[slot[j - start]], loads));
    }
    start = end;
  }
  return longest;
}

function sweepPairs(
  loads: Float64Array,
  topology: Topology,
  part: SliceMembers,
  chipOf: Uint32Array,
  members: number,
  { from, to, bytes }: Traffic & { readonly kind: 'pairs' },
): number {
  const ways = shortestWays(topology, part.firstChip);
  const chipOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) chipOfMember[member] = chipOf[i];
  const inside = Array.from(from.keys()).filter((i) => chipOfMember[from[i]] >= 0 && chipOfMember[to[i]] >= 0);
  inside.sort((a, b) => chipOfMember[to[a]] - chipOfMember[to[b]] || a - b);
  const flow = new Float64Array(ways.chips);
  let longest = 0;
  for (const [n, i] of inside.entries()) {
    const destination = chipOfMember[to[i]];
    flow[chipOfMember[from[i]]] += bytes[i];
    const isLast = n + 1 === inside.length || chipOfMember[to[inside[n + 1]]] !== destination;
    if (isLast) longest = Math.max(longest, deliver(ways, destination, flow, loads));
  }
  return longest;
}

/** Takes all of `flow` to the destination and leaves it empty. Looks no farther than the farthest sender. */
function deliver(ways: ShortestWays, destination: number, flow: Float64Array, loads: Float64Array): number {
  flow[destination] = 0;
  const senders = new Uint8Array(ways.chips);
  let count = 0;
  for (let chip = 0; chip < ways.chips; chip++) {
    if (flow[chip] > 0) {
      senders[chip] = 1;
      count++;
    }
  }
  if (count === 0) return 0;
  const known = ways.towards(destination, senders, count);
  let farthest = known - 1;
  while (senders[ways.order[farthest]] === 0) farthest--;
  sweep(ways, farthest + 1, flow, loads);
  return ways.hops[ways.order[farthest]];
}

function sweep({ order, hops, outOffsets, outLinks, outTo }: ShortestWays, known: number, flow: Float64Array, loads: Float64Array): void {
  for (let i = known - 1; i > 0; i--) {
    const chip = order[i];
    const bytes = flow[chip];
    if (bytes === 0) continue;
    flow[chip] = 0;
    const nearer = hops[chip] - 1;
    let ways = 0;
    for (let e = outOffsets[chip]; e < outOffsets[chip + 1]; e++) if (hops[outTo[e]] === nearer) ways++;
    const share = bytes / ways;
    for (let e = outOffsets[chip]; e < outOffsets[chip + 1]; e++) {
      if (hops[outTo[e]] !== nearer) continue;
      loads[outLinks[e]] += share;
      flow[outTo[e]] += share;
    }
  }
  flow[order[0]] = 0;
}
