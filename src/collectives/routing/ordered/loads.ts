import type { LinkLoads } from '../../link-loads.ts';
import type { MemberGrid } from '../../member-grid.ts';
import type { OrderedRouting } from '../../plan.ts';
import type { SliceMembers } from '../slice-members.ts';
import type { PairTraffic, Traffic } from '../traffic.ts';
import { addHops, cellsOfDevices, forEachLineOfCells, type GridCells, gridCells, gridDiameter, wiresAlong } from './cells.ts';
import { lineLoads } from './line-loads.ts';
import { orderedRoutes } from './routes.ts';
import { gridStages } from './stages.ts';

/** Adds traffic within one slice by orders of the dimensions. Returns the hops of the longest way that is used. */
export function addOrderedLoads(
  loads: LinkLoads,
  grid: MemberGrid,
  part: SliceMembers,
  members: number,
  traffic: Traffic,
  routing: OrderedRouting,
): number {
  const cells = gridCells(grid);
  if (traffic.kind === 'uniform') {
    addUniform(loads, cells, traffic.bytesPerPair * grid.membersPerChip * grid.membersPerChip);
    return traffic.bytesPerPair > 0 ? gridDiameter(grid) : 0;
  }
  const cellOf = cellsOfDevices(cells, part.devices);
  return traffic.kind === 'matrix'
    ? addMatrix(loads, cells, cellOf, part, members, traffic.bytes, routing)
    : addPairs(loads, cells, cellOf, part, members, traffic, routing);
}

/**
 * Adds what every pair of member chips exchanging `bytesPerPair` puts on the links. Under uniform traffic every order of the dimensions loads a line
 * alike: chips / n pairs share each (from, to) of a line of n. Hops are counted in whole and half pairs, which is exact, and then multiplied.
 */
function addUniform(loads: LinkLoads, cells: GridCells, bytesPerPair: number): void {
  for (const [k, n] of cells.sides.entries()) {
    const perEnds = (bytesPerPair * cells.chips.length) / n;
    const { forward, backward } = lineLoads(new Float64Array(n * n).fill(1), n, cells.grid.axes[k].ring);
    const hops = { forward: forward.map((pairs) => pairs * perEnds), backward: backward.map((pairs) => pairs * perEnds) };
    forEachLineOfCells(cells, k, (first) => addHops(loads, cells, k, first, hops));
  }
}

function addMatrix(
  loads: LinkLoads,
  cells: GridCells,
  cellOf: Int32Array,
  part: SliceMembers,
  members: number,
  matrix: Float64Array,
  routing: OrderedRouting,
): number {
  const stages = gridStages(cells, routing);
  const hops = hopCounter(cells);
  const diameter = gridDiameter(cells.grid);
  const row = new Float64Array(cells.chips.length);
  let longest = 0;
  for (const [i, member] of part.members.entries()) {
    row.fill(0);
    const start = member * members;
    for (let j = 0; j < cellOf.length; j++) row[cellOf[j]] += matrix[start + part.members[j]];
    // Nearly always the first sender has something for the farthest receiver, and no other needs to be looked at.
    for (let to = 0; longest < diameter && to < row.length; to++) if (row[to] > 0) longest = Math.max(longest, hops(cellOf[i], to));
    stages.addRow(cellOf[i], row);
  }
  stages.addLoads(loads);
  return longest;
}

/** Few pairs walk their ways one by one: stages would be larger than the traffic. */
function addPairs(
  loads: LinkLoads,
  cells: GridCells,
  cellOf: Int32Array,
  part: SliceMembers,
  members: number,
  { from, to, bytes }: PairTraffic,
  routing: OrderedRouting,
): number {
  const cellOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) cellOfMember[member] = cellOf[i];
  const findRoutes = orderedRoutes(cells, routing);
  let longest = 0;
  for (let i = 0; i < from.length; i++) {
    const [source, target] = [cellOfMember[from[i]], cellOfMember[to[i]]];
    if (source < 0 || target < 0 || source === target || bytes[i] === 0) continue;
    findRoutes(source, target, (share, links) => {
      for (const link of links) loads.add(link, bytes[i] * share);
      longest = Math.max(longest, links.length);
    });
  }
  return longest;
}

/** Wires between two cells. */
function hopCounter({ grid, sides, strides }: GridCells): (from: number, to: number) => number {
  const wires = grid.axes.map((along, k) =>
    Float64Array.from({ length: sides[k] * sides[k] }, (_, i) =>
      wiresAlong(along, grid.topology.shape, Math.floor(i / sides[k]), i % sides[k]),
    ),
  );
  return (from, to) => {
    let sum = 0;
    for (let k = 0; k < sides.length; k++) {
      sum += wires[k][(Math.floor(from / strides[k]) % sides[k]) * sides[k] + (Math.floor(to / strides[k]) % sides[k])];
    }
    return sum;
  };
}
