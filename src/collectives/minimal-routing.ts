import type { Topology } from '../hardware/index.ts';
import { coordinatesOf } from '../hardware/index.ts';
import { addLineLoads } from './link-loads.ts';
import type { GridAxis, MemberGrid } from './member-grid.ts';

/**
 * Bytes per link when every pair of member chips exchanges `bytesPerPair`, by shortest dimension-ordered paths, averaged over all orders of the
 * dimensions. Under uniform traffic every order puts the same load on a line: chips / n pairs share each (from, to) of a line of n.
 */
export function uniformLoads(grid: MemberGrid, bytesPerPair: number): Float64Array {
  const loads = new Float64Array(grid.topology.links.count);
  for (const along of grid.axes) {
    const n = along.positions.length;
    const hops = lineLoads(new Float64Array(n * n).fill((bytesPerPair * grid.chips) / n), n, along.ring);
    addLineLoads(loads, grid, along, () => hops);
  }
  return loads;
}

/**
 * The same for any traffic: `chipTraffic` [chips, chips] in the grid's own numbering (first dimension fastest, member positions only).
 * Per order of the dimensions, traffic is first summed into (from, to) matrices of the lines that it crosses, then walked once.
 */
export function trafficLoads(grid: MemberGrid, chipTraffic: Float64Array): Float64Array {
  const { axes, chips } = grid;
  const sides = axes.map((along) => along.positions.length);
  const coordinates = Array.from({ length: chips }, (_, chip) => coordinatesOf(sides, chip));
  const orders = permutations(axes.map((_, i) => i));
  const perAxis = sides.map((n) => new Float64Array(chips * n));
  for (let from = 0; from < chips; from++) {
    for (let to = 0; to < chips; to++) {
      const bytes = chipTraffic[from * chips + to] / orders.length;
      if (bytes === 0 || from === to) continue;
      for (const order of orders) {
        const at = [...coordinates[from]];
        for (const k of order) {
          const target = coordinates[to][k];
          perAxis[k][(lineOf(sides, at, k) * sides[k] + at[k]) * sides[k] + target] += bytes;
          at[k] = target;
        }
      }
    }
  }
  const loads = new Float64Array(grid.topology.links.count);
  for (const [k, along] of axes.entries()) {
    const size = sides[k] * sides[k];
    addLineLoads(loads, grid, along, (line) => lineLoads(perAxis[k].subarray(line * size, (line + 1) * size), sides[k], along.ring));
  }
  return loads;
}

/** The grid's own number of the chip that holds `device`: position indices, first dimension fastest. */
export function gridChip(topology: Topology, axes: readonly GridAxis[], device: number): number {
  const coordinates = coordinatesOf(topology.shape, Math.floor(device / topology.devicesPerChip));
  return axes.reduceRight((chip, { axis, positions }) => chip * positions.length + positions.indexOf(coordinates[axis]), 0);
}

/** Bytes per hop of one line from its [n, n] matrix, row = from; both ways share the traffic between opposite members of an even ring. */
function lineLoads(pairs: Float64Array, n: number, ring: boolean): { forward: Float64Array; backward: Float64Array } {
  const forward = new Float64Array(n);
  const backward = new Float64Array(n);
  for (let from = 0; from < n; from++) {
    for (let to = 0; to < n; to++) {
      const bytes = pairs[from * n + to];
      if (bytes === 0 || from === to) continue;
      const ahead = (to - from + n) % n;
      const share = ring ? shareForward(ahead, n) : to > from ? 1 : 0;
      if (share > 0) for (let hop = 0; hop < ahead; hop++) forward[(from + hop) % n] += bytes * share;
      if (share < 1) for (let hop = 0; hop < n - ahead; hop++) backward[(from - hop + n) % n] += bytes * (1 - share);
    }
  }
  return { forward, backward };
}

function shareForward(ahead: number, n: number): number {
  if (2 * ahead === n) return 0.5;
  return 2 * ahead < n ? 1 : 0;
}

/** Line number along axis k as `forEachLine` counts: the other coordinates, first fastest. */
function lineOf(sides: readonly number[], at: readonly number[], k: number): number {
  let line = 0;
  for (let axis = sides.length - 1; axis >= 0; axis--) if (axis !== k) line = line * sides[axis] + at[axis];
  return line;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
