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
 * Traffic is first summed into the (from, to) matrices of the lines that it crosses, and then walked once. Which line of dimension k a pair crosses depends
 * on the dimensions before k in the order alone, so the orders are taken together by what stands before.
 */
export function trafficLoads(grid: MemberGrid, chipTraffic: Float64Array): Float64Array {
  const { axes, chips } = grid;
  const sides = axes.map((along) => along.positions.length);
  const coordinates = Array.from({ length: chips }, (_, chip) => coordinatesOf(sides, chip));
  const loads = new Float64Array(grid.topology.links.count);
  for (const [k, along] of axes.entries()) {
    const n = sides[k];
    const lines = new Float64Array(chips * n);
    for (const { before, share } of orderings(axes.length, k)) {
      // A line's number is a sum over its coordinates, and so is the place of a pair: one part from the source, one from the target.
      const ofSource = Int32Array.from(coordinates, (at) => (lineOf(sides, at, k, (axis) => !before.has(axis)) * n + at[k]) * n);
      const ofTarget = Int32Array.from(coordinates, (at) => lineOf(sides, at, k, (axis) => before.has(axis)) * n * n + at[k]);
      addPairs(lines, chipTraffic, chips, ofSource, ofTarget, share);
    }
    addLineLoads(loads, grid, along, (line) => lineLoads(lines.subarray(line * n * n, (line + 1) * n * n), n, along.ring));
  }
  return loads;
}

function addPairs(
  lines: Float64Array,
  chipTraffic: Float64Array,
  chips: number,
  ofSource: Int32Array,
  ofTarget: Int32Array,
  share: number,
): void {
  for (let from = 0; from < chips; from++) {
    const source = ofSource[from];
    for (let to = 0; to < chips; to++) lines[source + ofTarget[to]] += chipTraffic[from * chips + to] * share;
  }
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

/** The part of a line's number along axis k (as `forEachLine` counts: the other coordinates, first fastest) that comes from the axes that `counts` takes. */
function lineOf(sides: readonly number[], at: readonly number[], k: number, counts: (axis: number) => boolean): number {
  let line = 0;
  for (let axis = sides.length - 1; axis >= 0; axis--) if (axis !== k) line = line * sides[axis] + (counts(axis) ? at[axis] : 0);
  return line;
}

/** The sets of dimensions that may stand before dimension k, and the share of all orders in which exactly they do. */
function orderings(dimensions: number, k: number): { readonly before: ReadonlySet<number>; readonly share: number }[] {
  const others = Array.from({ length: dimensions }, (_, axis) => axis).filter((axis) => axis !== k);
  const subsets: number[][] = [[]];
  for (const axis of others) subsets.push(...subsets.map((set) => [...set, axis]));
  return subsets.map((set) => ({
    before: new Set(set),
    share: (factorial(set.length) * factorial(others.length - set.length)) / factorial(dimensions),
  }));
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
