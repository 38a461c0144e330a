import { LinkKind, type Topology } from '../../hardware/index.ts';
import { coordinate } from './axis-traffic.ts';
import { isWholeGrid, type SliceMembers } from './slice-members.ts';

/**
 * Links that a way between members can take, whatever the routing: those within the box around the members, which goes all round a ring where a pair
 * of them is as near the other way round. Where the wires are no plain grid, all links of the slice.
 */
export function reachableLinks(topology: Topology, part: SliceMembers): Uint32Array {
  const { links, shape } = topology;
  const chips = topology.chips / topology.slices;
  const isPlain = isWholeGrid(topology);
  const inside = shape.map((side, axis) => (isPlain ? spanOf(topology, part, axis) : new Uint8Array(side).fill(1)));
  const within = (chip: number) => inside.every((span, axis) => span[coordinate(topology, chip, axis)] === 1);
  const isIn = Uint8Array.from({ length: chips }, (_, chip) => (within(chip) ? 1 : 0));
  const rows = new Uint32Array(links.count);
  let count = 0;
  for (let row = 0; row < links.count; row++) {
    if (links.kind[row] !== LinkKind.ici) continue;
    const from = links.from[row] - part.firstChip;
    const to = links.to[row] - part.firstChip;
    if (from >= 0 && from < chips && isIn[from] === 1 && isIn[to] === 1) rows[count++] = row;
  }
  return rows.slice(0, count);
}

/** [side]: 1 for the coordinates along an axis that ways between members may pass. */
function spanOf(topology: Topology, part: SliceMembers, axis: number): Uint8Array {
  const side = topology.shape[axis];
  let least = side;
  let most = -1;
  for (const device of part.devices) {
    const at = coordinate(topology, Math.floor(device / topology.devicesPerChip) - part.firstChip, axis);
    least = Math.min(least, at);
    most = Math.max(most, at);
  }
  const span = new Uint8Array(side);
  return topology.wrap[axis] && 2 * (most - least) >= side ? span.fill(1) : span.fill(1, least, most + 1);
}
