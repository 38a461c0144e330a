import { LinkKind, type Topology } from '../../hardware/index.ts';
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

/**
 * Every chip sees the same wires: all sides close, nothing is missing, and twists make a group (a side that is shifted shifts none itself, so steps
 * along two dimensions commute). Then one chip's ways, moved about, are all chips' ways.
 */
export function looksAlikeFromEveryChip(topology: Topology): boolean {
  const { twist, shape, wrap } = topology;
  const commutes = twist.every((shifts) => shifts.every((shift, axis) => shift === 0 || twist[axis].every((other) => other === 0)));
  return commutes && shape.every((side, axis) => side === 1 || wrap[axis]) && hasEveryWire(topology);
}

/** Of sides that all close. */
function hasEveryWire({ uniform, shape, chips, links }: Topology): boolean {
  if (uniform) return true;
  let there = 0;
  for (let row = 0; row < links.count; row++) if (links.kind[row] === LinkKind.ici) there++;
  return there === shape.reduce((sum, side) => sum + (side === 1 ? 0 : 2 * chips), 0);
}
