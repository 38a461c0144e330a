import { type LinkTable, stridesOf } from '../../../hardware/index.ts';
import type { LinkLoads } from '../../link-loads.ts';
import type { GridAxis, MemberGrid } from '../../member-grid.ts';
import type { HopBytes } from './line-loads.ts';

/** A member grid with a number for each of its chips: position indices, first dimension fastest. */
export interface GridCells {
  readonly grid: MemberGrid;
  /** Positions along each axis of the grid. */
  readonly sides: readonly number[];
  /** Distance of neighbours along each axis in numbers of cells. */
  readonly strides: readonly number[];
  /** [cells]: the chip of each cell. */
  readonly chips: Uint32Array;
}

export function gridCells(grid: MemberGrid): GridCells {
  const sides = grid.axes.map(({ positions }) => positions.length);
  const strides = stridesOf(sides);
  const steps = stridesOf(grid.topology.shape);
  const origin = grid.origin.reduce((chip, at, axis) => chip + at * steps[axis], grid.firstChip);
  const chips = new Uint32Array(grid.chips).fill(origin);
  for (const [k, { axis, positions }] of grid.axes.entries()) {
    for (let cell = 0; cell < chips.length; cell++) {
      chips[cell] += (positions[Math.floor(cell / strides[k]) % sides[k]] - positions[0]) * steps[axis];
    }
  }
  return { grid, sides, strides, chips };
}

/** [devices given]: the cell that holds each. */
export function cellsOfDevices({ grid, sides, strides }: GridCells, devices: Uint32Array): Int32Array {
  const { shape, devicesPerChip } = grid.topology;
  const steps = stridesOf(shape);
  const indices = grid.axes.map(({ axis, positions }) => {
    const index = new Int32Array(shape[axis]);
    for (const [i, position] of positions.entries()) index[position] = i;
    return index;
  });
  return Int32Array.from(devices, (device) => {
    const chip = Math.floor(device / devicesPerChip) - grid.firstChip;
    let cell = 0;
    for (let k = 0; k < sides.length; k++) {
      const { axis } = grid.axes[k];
      cell += indices[k][Math.floor(chip / steps[axis]) % shape[axis]] * strides[k];
    }
    return cell;
  });
}

/** Calls `visit` with the first cell of every line along axis k of the grid; the others follow at the axis' stride. */
export function forEachLineOfCells({ sides, strides, chips }: GridCells, k: number, visit: (first: number) => void): void {
  for (let cell = 0; cell < chips.length; cell++) if (Math.floor(cell / strides[k]) % sides[k] === 0) visit(cell);
}

/** Adds the bytes of one line along axis k to the links of every hop, also where a hop passes chips that are no members. */
export function addHops(loads: LinkLoads, cells: GridCells, k: number, first: number, { forward, backward }: HopBytes): void {
  const { grid, strides, chips } = cells;
  const n = cells.sides[k];
  const dimensions = grid.topology.shape.length;
  const { axis } = grid.axes[k];
  for (let i = 0; i < n; i++) {
    const chip = chips[first + i * strides[k]];
    if (forward[i] > 0) walk(loads, grid.topology.links, axis, dimensions, chip, 0, chips[first + ((i + 1) % n) * strides[k]], forward[i]);
    if (backward[i] > 0)
      walk(loads, grid.topology.links, axis, dimensions, chip, 1, chips[first + ((i - 1 + n) % n) * strides[k]], backward[i]);
  }
}

/** Wires between two positions of an axis by the way that bytes take: the shorter one round a ring, straight on a line. */
export function wiresAlong({ axis, positions, ring }: GridAxis, shape: readonly number[], from: number, to: number): number {
  const straight = Math.abs(positions[to] - positions[from]);
  return ring ? Math.min(straight, shape[axis] - straight) : straight;
}

/** The longest way over the grid in wires. */
export function gridDiameter(grid: MemberGrid): number {
  const { shape } = grid.topology;
  return grid.axes.reduce((sum, along) => {
    const n = along.positions.length;
    return sum + wiresAlong(along, shape, 0, along.ring ? n >> 1 : n - 1);
  }, 0);
}

function walk(
  loads: LinkLoads,
  links: LinkTable,
  axis: number,
  dimensions: number,
  from: number,
  way: 0 | 1,
  to: number,
  bytes: number,
): void {
  let chip = from;
  do {
    const row = links.leaving[(chip * dimensions + axis) * 2 + way];
    loads.add(row, bytes);
    chip = links.to[row];
  } while (chip !== to);
}
