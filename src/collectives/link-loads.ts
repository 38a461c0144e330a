import type { Bytes, Seconds } from '../base/index.ts';
import { forEachLine, type GridAxis, hopLinks, type MemberGrid } from './member-grid.ts';
import type { Phase } from './plan.ts';

/** Adds bytes to every link along each line of `along`: `bytesAt(line)` gives bytes per hop, forwards and backwards, by member position. */
export function addLineLoads(
  loads: Float64Array,
  grid: MemberGrid,
  along: GridAxis,
  bytesAt: (line: number) => { readonly forward: ArrayLike<number>; readonly backward: ArrayLike<number> },
): void {
  forEachLine(grid, along, (first, line) => {
    const { forward, backward } = bytesAt(line);
    for (let i = 0; i < along.positions.length; i++) {
      if (forward[i] > 0) for (const row of hopLinks(grid, along, first, i, 1)) loads[row] += forward[i];
      if (backward[i] > 0) for (const row of hopLinks(grid, along, first, i, -1)) loads[row] += backward[i];
    }
  });
}

/** Drops the links without load. */
export function phaseOf(loads: Float64Array, latencySeconds: Seconds): Phase {
  const links: number[] = [];
  for (let row = 0; row < loads.length; row++) if (loads[row] > 0) links.push(row);
  return { links: Uint32Array.from(links), bytes: Float64Array.from(links, (row) => loads[row]), latencySeconds, localBytes: 0 };
}

/** Bytes that stay within their chips; no phase at all when there are none. */
export function localPhases(localBytes: Bytes): Phase[] {
  return localBytes > 0 ? [{ links: new Uint32Array(0), bytes: new Float64Array(0), latencySeconds: 0, localBytes }] : [];
}
