import type { LinkLoads } from '../link-loads.ts';
import { addHops, forEachLineOfCells, type GridCells } from './grid-cells.ts';
import { lineLoads } from './line-loads.ts';

/**
 * Adds what every pair of member chips exchanging `bytesPerPair` puts on the links. Under uniform traffic every order of the dimensions loads a line
 * alike: chips / n pairs share each (from, to) of a line of n. Hops are counted in whole and half pairs, which is exact, and then multiplied.
 */
export function addUniformLoads(loads: LinkLoads, cells: GridCells, bytesPerPair: number): void {
  for (const [k, n] of cells.sides.entries()) {
    const perEnds = (bytesPerPair * cells.chips.length) / n;
    const { forward, backward } = lineLoads(new Float64Array(n * n).fill(1), n, cells.grid.axes[k].ring);
    const hops = { forward: forward.map((pairs) => pairs * perEnds), backward: backward.map((pairs) => pairs * perEnds) };
    forEachLineOfCells(cells, k, (first) => addHops(loads, cells, k, first, hops));
  }
}
