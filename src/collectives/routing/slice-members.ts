import type { Topology } from '../../hardware/index.ts';
import { findGrid, type MemberGrid } from '../member-grid.ts';
import { type Box, plainBox } from './box.ts';

/** The members of a group that stand in one slice. */
export interface SliceMembers {
  readonly firstChip: number;
  /** Indices into the group's devices, ascending. */
  readonly members: Uint32Array;
  readonly devices: Uint32Array;
  /** [members]: their chips, counted from the slice's first. */
  readonly chips: Uint32Array;
  /** Null where they are no grid of chips. */
  readonly grid: MemberGrid | null;
  /** Where their ways may pass; null where the wires between them are no plain grid. */
  readonly box: Box | null;
}

/** Slices without members are left out. */
export function membersBySlice(topology: Topology, devices: Uint32Array): SliceMembers[] {
  const chipsPerSlice = topology.chips / topology.slices;
  const sliceOf = (device: number) => Math.floor(device / topology.devicesPerChip / chipsPerSlice);
  const everybody = Uint32Array.from(devices.keys());
  const parts: SliceMembers[] = [];
  for (let slice = 0; slice < topology.slices; slice++) {
    const members = topology.slices === 1 ? everybody : everybody.filter((member) => sliceOf(devices[member]) === slice);
    if (members.length === 0) continue;
    const here = members.map((member) => devices[member]);
    const firstChip = slice * chipsPerSlice;
    const chips = here.map((device) => Math.floor(device / topology.devicesPerChip) - firstChip);
    parts.push({ firstChip, members, devices: here, chips, grid: findGrid(topology, here), box: plainBox(topology, firstChip, chips) });
  }
  return parts;
}

/** [chips of the slice]: members on each. */
export function membersByChip({ chips, slices }: Topology, part: SliceMembers): Float64Array {
  const counts = new Float64Array(chips / slices);
  for (const chip of part.chips) counts[chip]++;
  return counts;
}
