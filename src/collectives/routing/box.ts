import { isTwisted, stridesOf, type Topology } from '../../hardware/index.ts';

/** [dimensions][side]: 1 for the coordinates that shortest ways between some chips may pass. */
export type Box = readonly Uint8Array[];

/**
 * The box around chips (counted within their slice): along each dimension from the first to the last of them, and all round a ring where two
 * of them are as near the other way round. Null where the wires within are no plain grid: twisted, or with one missing.
 */
export function plainBox(topology: Topology, firstChip: number, chips: Iterable<number>): Box | null {
  if (isTwisted(topology)) return null;
  const { shape, wrap } = topology;
  const least = shape.map((side) => side);
  const most = shape.map(() => -1);
  for (const chip of chips) {
    for (let axis = 0, rest = chip; axis < shape.length; axis++) {
      const at = rest % shape[axis];
      rest = (rest - at) / shape[axis];
      if (at < least[axis]) least[axis] = at;
      if (at > most[axis]) most[axis] = at;
    }
  }
  const box = shape.map((side, axis) => {
    const goesRound = wrap[axis] && 2 * (most[axis] - least[axis]) >= side;
    return goesRound ? new Uint8Array(side).fill(1) : new Uint8Array(side).fill(1, least[axis], most[axis] + 1);
  });
  return topology.uniform || hasAllWires(topology, firstChip, box) ? box : null;
}

/** [chips of the slice]: 1 for those in the box. */
export function chipsWithin({ shape, chips, slices }: Topology, box: Box): Uint8Array {
  const within = new Uint8Array(chips / slices).fill(1);
  const strides = stridesOf(shape);
  for (const [axis, side] of shape.entries()) {
    for (let chip = 0; chip < within.length; chip++) within[chip] &= box[axis][Math.floor(chip / strides[axis]) % side];
  }
  return within;
}

/** Between neighbours in the box. */
export function hasAllWires(topology: Topology, firstChip: number, box: Box): boolean {
  const { shape, wrap, links } = topology;
  const within = chipsWithin(topology, box);
  const strides = stridesOf(shape);
  for (const [axis, side] of shape.entries()) {
    const stride = strides[axis];
    for (let chip = 0; chip < within.length; chip++) {
      const at = Math.floor(chip / stride) % side;
      const next = at + 1 < side ? at + 1 : 0;
      if (side === 1 || within[chip] === 0 || box[axis][next] === 0 || (next === 0 && !wrap[axis])) continue;
      const there = firstChip + chip + (next - at) * stride;
      const forwards = links.leaving[((firstChip + chip) * shape.length + axis) * 2];
      const backwards = links.leaving[(there * shape.length + axis) * 2 + 1];
      if (forwards < 0 || backwards < 0) return false;
    }
  }
  return true;
}
