import type { Topology } from '../../hardware/index.ts';
import { membersByChip, type SliceMembers } from './slice-members.ts';
import type { PairTraffic, Traffic } from './traffic.ts';

/** Columns of a matrix that are read at once: it is stored by rows, and a cache line has eight numbers. */
const COLUMNS = 16;

/** `flow` [chips of the slice] has what each chip sends to the destination, which has nothing for itself; it may be changed. */
export type VisitDestination = (destination: number, flow: Float64Array) => void;

/** Traffic within one slice, by the chip that receives it, ascending; chips count from the slice's first. Receivers of nothing may be left out. */
export function forEachDestination(
  topology: Topology,
  part: SliceMembers,
  members: number,
  traffic: Traffic,
  visit: VisitDestination,
): void {
  const chips = topology.chips / topology.slices;
  if (traffic.kind === 'uniform') ofUniform(membersByChip(topology, part), traffic.bytesPerPair, visit);
  else if (traffic.kind === 'matrix') ofMatrix(chips, part, members, traffic.bytes, visit);
  else ofPairs(chips, part, members, traffic, visit);
}

function ofUniform(counts: Float64Array, bytesPerPair: number, visit: VisitDestination): void {
  const chips = counts.length;
  const flow = new Float64Array(chips);
  for (let destination = 0; destination < chips; destination++) {
    if (counts[destination] === 0) continue;
    for (let chip = 0; chip < chips; chip++) flow[chip] = counts[chip] * counts[destination] * bytesPerPair;
    flow[destination] = 0;
    visit(destination, flow);
  }
}

function ofMatrix(chips: number, part: SliceMembers, members: number, matrix: Float64Array, visit: VisitDestination): void {
  const chipOf = part.chips;
  const receivers = byChip(Uint32Array.from(chipOf.keys()), (i) => chipOf[i]);
  const columns = receivers.map((i) => part.members[i]);
  const flows = new Float64Array(COLUMNS * chips);
  const slots = Array.from({ length: COLUMNS }, (_, slot) => flows.subarray(slot * chips, (slot + 1) * chips));
  for (let start = 0; start < columns.length; ) {
    const { destinations, places } = batchFrom(receivers, chipOf, chips, start);
    flows.fill(0);
    for (let i = 0; i < chipOf.length; i++) {
      const row = part.members[i] * members;
      const chip = chipOf[i];
      for (let j = 0; j < places.length; j++) flows[places[j] + chip] += matrix[row + columns[start + j]];
    }
    for (const [slot, destination] of destinations.entries()) {
      slots[slot][destination] = 0;
      visit(destination, slots[slot]);
    }
    start += places.length;
  }
}

/** The next receivers, of as many chips as there are slots; those of one chip share a slot, so a batch ends with a chip. */
function batchFrom(
  receivers: Uint32Array,
  chipOf: Uint32Array,
  chips: number,
  start: number,
): { readonly destinations: readonly number[]; readonly places: Int32Array } {
  const destinations: number[] = [];
  const places: number[] = [];
  for (const receiver of receivers.subarray(start)) {
    const chip = chipOf[receiver];
    if (chip !== destinations[destinations.length - 1]) {
      if (destinations.length === COLUMNS) break;
      destinations.push(chip);
    }
    places.push((destinations.length - 1) * chips);
  }
  return { destinations, places: Int32Array.from(places) };
}

function ofPairs(chips: number, part: SliceMembers, members: number, { from, to, bytes }: PairTraffic, visit: VisitDestination): void {
  const chipOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) chipOfMember[member] = part.chips[i];
  const inside = Uint32Array.from(from.keys()).filter((i) => chipOfMember[from[i]] >= 0 && chipOfMember[to[i]] >= 0);
  const sorted = byChip(inside, (i) => chipOfMember[to[i]]);
  const flow = new Float64Array(chips);
  for (const [n, i] of sorted.entries()) {
    const destination = chipOfMember[to[i]];
    flow[chipOfMember[from[i]]] += bytes[i];
    if (n + 1 < sorted.length && chipOfMember[to[sorted[n + 1]]] === destination) continue;
    flow[destination] = 0;
    visit(destination, flow);
    flow.fill(0);
  }
}

function byChip(indices: Uint32Array, chipOf: (index: number) => number): Uint32Array {
  return indices.sort((a, b) => chipOf(a) - chipOf(b) || a - b);
}
