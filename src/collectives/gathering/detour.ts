import { assert } from '../../base/index.ts';
import type { Topology } from '../../hardware/index.ts';
import { shortestWays } from '../shortest-ways.ts';

/** A shortest way between two chips of a slice over the wires that work: rows of links in order, by the first port that leads nearer, each time. */
export function detour(topology: Topology, from: number, to: number): number[] {
  const chipsPerSlice = topology.chips / topology.slices;
  const firstChip = Math.floor(from / chipsPerSlice) * chipsPerSlice;
  const { towards, hops, outOffsets, outLinks, outTo } = shortestWays(topology, firstChip);
  towards(to - firstChip);
  assert(hops[from - firstChip] >= 0, `chips ${from} and ${to} are joined`);
  const way: number[] = [];
  for (let chip = from - firstChip; hops[chip] > 0; ) {
    let place = outOffsets[chip];
    while (hops[outTo[place]] !== hops[chip] - 1) place++;
    way.push(outLinks[place]);
    chip = outTo[place];
  }
  return way;
}
