import { stridesOf } from './grid.ts';
import type { Topology } from './topology.ts';

/** The chip beside one that has the coordinates `at`, forwards (1) or backwards (-1) along a dimension; -1 at an open end. Counted within a slice. */
export type Neighbour = (chip: number, at: readonly number[], axis: number, direction: number) => number;

/** Where the wires that a shape asks for lead: over the wrap of a dimension its twist moves the other coordinates on. */
export function neighbourOf({ shape, wrap, twist }: Pick<Topology, 'shape' | 'wrap' | 'twist'>): Neighbour {
  const strides = stridesOf(shape);
  return (chip, at, axis, direction) => {
    const side = shape[axis];
    const crosses = at[axis] + direction < 0 || at[axis] + direction >= side;
    if (side === 1 || (crosses && !wrap[axis])) return -1;
    let to = chip + direction * strides[axis];
    if (!crosses) return to;
    to -= direction * side * strides[axis];
    for (let other = 0; other < shape.length; other++) {
      const shift = twist[axis][other];
      if (shift === 0) continue;
      const shifted = (at[other] + direction * shift + shape[other] * shift) % shape[other];
      to += (shifted - at[other]) * strides[other];
    }
    return to;
  };
}
