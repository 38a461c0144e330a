import { LinkKind, type Topology } from '../../hardware/index.ts';
import { findGrid, type MemberGrid } from '../member-grid.ts';

/** The members of a group that stand in one slice. */
export interface SliceMembers {
  readonly firstChip: number;
  /** Indices into the group's devices, ascending. */
  readonly members: Uint32Array;
  readonly devices: Uint32Array;
  /** Null where they are no grid of chips. */
  readonly grid: MemberGrid | null;
}

/** Slices without members are left out. */
export function membersBySlice(topology: Topology, devices: Uint32Array): SliceMembers[] {
  const chipsPerSlice = topology.chips / topology.slices;
  const sliceOf = (device: number) => Math.floor(device / topology.devicesPerChip / chipsPerSlice);
  const everybody = Uint32Array.from(devices.keys());
  const parts = Array.from({ length: topology.slices }, (_, slice) => {
    const members = topology.slices === 1 ? everybody : everybody.filter((member) => sliceOf(devices[member]) === slice);
    const here = members.map((member) => devices[member]);
    return { firstChip: slice * chipsPerSlice, members, devices: here, grid: here.length > 0 ? findGrid(topology, here) : null };
  });
  return parts.filter(({ members }) => members.length > 0);
}

/** No wrap leads elsewhere, and no wire between neighbouring chips is missing. */
export function isWholeGrid(topology: Topology): boolean {
  return topology.twist.every((shifts) => shifts.every((shift) => shift === 0)) && hasEveryWire(topology);
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

function hasEveryWire({ uniform, shape, wrap, chips, links }: Topology): boolean {
  if (uniform) return true;
  const wanted = shape.reduce((sum, side, axis) => sum + (side === 1 ? 0 : (2 * chips * (wrap[axis] ? side : side - 1)) / side), 0);
  let there = 0;
  for (let row = 0; row < links.count; row++) if (links.kind[row] === LinkKind.ici) there++;
  return there === wanted;
}
