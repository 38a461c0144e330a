import { LinkKind, type Topology } from '../../hardware/index.ts';
import { membersByChip, type SliceMembers } from './slice-members.ts';

/** Members on every chip where uniform traffic is the same from each of them: as many on all, and wires that look alike; 0 elsewhere. */
export function membersOfEveryChip(topology: Topology, part: SliceMembers): number {
  const counts = membersByChip(topology, part);
  return counts.every((count) => count === counts[0]) && looksAlikeFromEveryChip(topology) ? counts[0] : 0;
}

/**
 * Every chip sees the same wires: all sides close, nothing is missing, and twists make a group (a side that is shifted shifts none itself, so steps
 * along two dimensions commute). Then one chip's ways, moved about, are all chips' ways.
 */
function looksAlikeFromEveryChip(topology: Topology): boolean {
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
