import { LinkKind, type Topology } from '../../../hardware/index.ts';
import { chipsWithin } from '../box.ts';
import type { SliceMembers } from '../slice-members.ts';

/**
 * Links that a way between members can take, whatever the routing: those of the box around the members, and where the wires within it are no plain grid,
 * all links of the slice.
 */
export function reachableLinks(topology: Topology, { box, firstChip }: SliceMembers): Uint32Array {
  const { links } = topology;
  const chips = topology.chips / topology.slices;
  const within = box ? chipsWithin(topology, box) : new Uint8Array(chips).fill(1);
  const rows = new Uint32Array(links.count);
  let count = 0;
  for (let row = 0; row < links.count; row++) {
    if (links.kind[row] !== LinkKind.ici) continue;
    const from = links.from[row] - firstChip;
    const to = links.to[row] - firstChip;
    if (from >= 0 && from < chips && within[from] === 1 && within[to] === 1) rows[count++] = row;
  }
  return rows.slice(0, count);
}
