/** Where the chips of many planes stand when each is a cell: planes of the third dimension, and slices, side by side in rows. */
import type { PlanesView } from '../report/index.ts';

export interface CellPlaces {
  /** Of the whole picture, in cells. */
  readonly columns: number;
  readonly rows: number;
  /** Upper left cell of each plane, and its sides. */
  readonly planes: readonly { readonly x: number; readonly y: number }[];
  readonly planeColumns: number;
  readonly planeRows: number;
  /** Chip of a cell, or null between planes. */
  readonly chipAt: (x: number, y: number) => number | null;
  readonly cellOf: (chip: number) => { readonly x: number; readonly y: number };
}

/** Cells between two planes. */
const GAP = 1;

/** As many planes in a row as make the picture about as wide as high. */
export function placeCells({ shape, slices }: Pick<PlanesView, 'shape' | 'slices'>): CellPlaces {
  const [nx = 1, ny = 1, nz = 1] = shape;
  const count = nz * slices;
  const inRow = Math.min(count, Math.max(1, Math.round(Math.sqrt((count * (ny + GAP)) / (nx + GAP)))));
  const corner = (plane: number) => ({ x: (plane % inRow) * (nx + GAP), y: Math.floor(plane / inRow) * (ny + GAP) });
  return {
    columns: inRow * (nx + GAP) - GAP,
    rows: Math.ceil(count / inRow) * (ny + GAP) - GAP,
    planes: Array.from({ length: count }, (_, plane) => corner(plane)),
    planeColumns: nx,
    planeRows: ny,
    chipAt(x, y) {
      const [left, top] = [x % (nx + GAP), y % (ny + GAP)];
      const plane = Math.floor(y / (ny + GAP)) * inRow + Math.floor(x / (nx + GAP));
      if (x < 0 || y < 0 || left >= nx || top >= ny || x >= inRow * (nx + GAP) || plane >= count) return null;
      return plane * nx * ny + top * nx + left;
    },
    cellOf(chip) {
      const { x, y } = corner(Math.floor(chip / (nx * ny)));
      return { x: x + (chip % nx), y: y + (Math.floor(chip / nx) % ny) };
    },
  };
}
