import { assert } from '../base/index.ts';
import { chipAt, coordinatesOf, linkFrom, type Topology } from '../hardware/index.ts';

/** One grid dimension along which the members of a group differ. */
export interface GridAxis {
  readonly axis: number;
  /** Coordinates of the members' chips, ascending. */
  readonly positions: readonly number[];
  /** The members stand evenly spaced all around a wrapped dimension; otherwise they form a line. */
  readonly ring: boolean;
}

/**
 * A group of devices as a grid of chips: the product of some coordinates per dimension, each chip with equally many members.
 * A row, a box, every second column, or the first core of every chip all qualify; an L-shape does not.
 */
export interface MemberGrid {
  readonly topology: Topology;
  /** Dimensions with more than one position; empty when all members share a chip. */
  readonly axes: readonly GridAxis[];
  /** Coordinates of the member chip with the smallest coordinates. */
  readonly origin: readonly number[];
  readonly chips: number;
  readonly membersPerChip: number;
}

/** The grid that `devices` form. Whoever cuts a mesh into groups makes grids only; a group that is none is our bug. */
export function memberGrid(topology: Topology, devices: Uint32Array): MemberGrid {
  const { chips, membersPerChip, positions } = survey(topology, devices);
  const axes = positions.flatMap((along, axis) =>
    along.length > 1 ? [{ axis, positions: along, ring: topology.wrap[axis] && isEvenlySpaced(along, topology.shape[axis]) }] : [],
  );
  const product = axes.reduce((count, { positions: along }) => count * along.length, 1);
  assert(product === chips && membersPerChip * chips === devices.length, `group ${devices.join(',')} is a grid of chips`);
  return { topology, axes, origin: positions.map((along) => along[0]), chips, membersPerChip };
}

/** Calls `visit` once per line of the grid along `along`: the coordinates of the line's first member chip. */
export function forEachLine(grid: MemberGrid, along: GridAxis, visit: (first: readonly number[], line: number) => void): void {
  const others = grid.axes.filter((other) => other.axis !== along.axis);
  const lines = others.reduce((count, other) => count * other.positions.length, 1);
  for (let line = 0; line < lines; line++) {
    const first = [...grid.origin];
    let rest = line;
    for (const other of others) {
      first[other.axis] = other.positions[rest % other.positions.length];
      rest = Math.floor(rest / other.positions.length);
    }
    visit(first, line);
  }
}

/** Links from position `index` to the next member of a line in `direction` (over the wrap at the end of a ring), as rows of the link table. */
export function hopLinks(grid: MemberGrid, along: GridAxis, first: readonly number[], index: number, direction: 1 | -1): number[] {
  const { topology } = grid;
  const { positions, axis } = along;
  const target = positions[(index + direction + positions.length) % positions.length];
  const coordinates = [...first];
  coordinates[axis] = positions[index];
  const rows: number[] = [];
  do {
    const row = linkFrom(topology, chipAt(topology.shape, coordinates), axis, direction);
    assert(row >= 0, `a link leaves ${coordinates.join(',')} along dimension ${axis}`);
    rows.push(row);
    coordinates[axis] = (coordinates[axis] + direction + topology.shape[axis]) % topology.shape[axis];
  } while (coordinates[axis] !== target);
  return rows;
}

/** Wires between the ends of the longest hop sequence: `hops` member hops of a ring, or the whole span of a line. */
export function wiresBetween(grid: MemberGrid, along: GridAxis, hops: number): number {
  const { positions } = along;
  if (along.ring) return hops * (grid.topology.shape[along.axis] / positions.length);
  return positions[positions.length - 1] - positions[0];
}

function survey(topology: Topology, devices: Uint32Array): { chips: number; membersPerChip: number; positions: number[][] } {
  const members = new Map<number, number>();
  for (const device of new Set(devices)) {
    const chip = Math.floor(device / topology.devicesPerChip);
    members.set(chip, (members.get(chip) ?? 0) + 1);
  }
  const seen = topology.shape.map(() => new Set<number>());
  for (const chip of members.keys()) {
    for (const [axis, coordinate] of coordinatesOf(topology.shape, chip).entries()) seen[axis].add(coordinate);
  }
  const counts = [...members.values()];
  return {
    chips: members.size,
    membersPerChip: counts.every((count) => count === counts[0]) ? counts[0] : 0,
    positions: seen.map((along) => [...along].sort((a, b) => a - b)),
  };
}

function isEvenlySpaced(positions: readonly number[], side: number): boolean {
  const spacing = side / positions.length;
  return positions.every((position, i) => i === 0 || position - positions[i - 1] === spacing);
}
