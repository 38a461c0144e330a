import { assert } from '../base/index.ts';
import type { Chip } from './chip.ts';
import { chipCount, type LinkTable, type Topology, type TopologySpec, type WireSpec } from './topology.ts';

/**
 * Every directed link of a 1-D to 3-D grid. A chip has two ports per dimension, so a wrapped side of 2 joins its two chips by two parallel
 * wires (both ports are in use, and the ring formulas hold for n = 2); an open side of 2 by one; a side of 1 has no links.
 * Rows run over chips, then dimensions, then forwards and backwards.
 */
export function buildTopology(spec: WireSpec, name: string, chipName: string): Topology {
  const { shape, wrap } = spec;
  assert(shape.length >= 1 && shape.length <= 3 && wrap.length === shape.length, `a grid of 1 to 3 dimensions, not ${shape.join('x')}`);
  assert(
    shape.every((side) => Number.isInteger(side) && side >= 1),
    `sides are whole and positive: ${shape.join('x')}`,
  );
  const chips = chipCount(shape);
  return {
    name,
    chipName,
    shape,
    wrap,
    twist: spec.twist ?? shape.map(() => shape.map(() => 0)),
    slices: 1,
    chips,
    devicesPerChip: spec.devicesPerChip,
    devices: chips * spec.devicesPerChip,
    hopLatencySeconds: spec.hopLatencySeconds,
    hosts: null,
    uniform: true,
    localBytesPerSecond: spec.localBytesPerSecond,
    links: linkTable(spec, chips),
  };
}

/** The wires of one slice of a chip generation. */
export function sliceTopology(chip: Chip, spec: TopologySpec): Topology {
  return buildTopology(
    {
      shape: spec.shape,
      wrap: spec.wrap,
      devicesPerChip: chip.devicesPerChip,
      linkBytesPerSecond: chip.iciLinkBytesPerSecond,
      hopLatencySeconds: chip.hopLatencySeconds,
      localBytesPerSecond: (chip.hbmBytesPerSecond * chip.efficiency.hbmPeakShare) / 2,
    },
    `${chip.name}:${spec.shape.join('x')}`,
    chip.name,
  );
}

/**
 * Which dimensions close into rings when the slice does not say. `side`: a dimension closes when its length is one of the listed ones (it
 * spans the pod). `cubes`: all dimensions close when every side is a multiple of the cube's side (optical switches join whole cubes), else none.
 */
export function defaultWrap(chip: Pick<Chip, 'wrapRule'>, shape: readonly number[]): boolean[] {
  const rule = chip.wrapRule;
  if (rule.kind === 'side') return shape.map((side) => rule.sides.includes(side));
  const closed = shape.length === 3 && shape.every((side) => side % rule.multiple === 0);
  return shape.map(() => closed);
}

/** Coordinates of a chip on the grid, first coordinate fastest. */
export function coordinatesOf(shape: readonly number[], chip: number): number[] {
  let rest = chip;
  return shape.map((side) => {
    const coordinate = rest % side;
    rest = (rest - coordinate) / side;
    return coordinate;
  });
}

/** Inverse of `coordinatesOf`. */
export function chipAt(shape: readonly number[], coordinates: readonly number[]): number {
  let chip = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) chip = chip * shape[axis] + coordinates[axis];
  return chip;
}

/** Row of the link that leaves `chip` along `axis` in `direction`, or -1 at an open end. */
export function linkFrom(topology: Topology, chip: number, axis: number, direction: 1 | -1): number {
  return topology.links.leaving[(chip * topology.shape.length + axis) * 2 + (direction === 1 ? 0 : 1)];
}

function linkTable(spec: WireSpec, chips: number): LinkTable {
  const { shape, wrap } = spec;
  const from: number[] = [];
  const to: number[] = [];
  const axes: number[] = [];
  const directions: number[] = [];
  const leaving = new Int32Array(chips * shape.length * 2).fill(-1);
  for (let chip = 0; chip < chips; chip++) {
    const coordinates = coordinatesOf(shape, chip);
    for (let axis = 0; axis < shape.length; axis++) {
      for (const direction of [1, -1]) {
        const side = shape[axis];
        const next = coordinates[axis] + direction;
        const beyond = next < 0 || next >= side;
        if (side === 1 || (beyond && !wrap[axis])) continue;
        leaving[(chip * shape.length + axis) * 2 + (direction === 1 ? 0 : 1)] = from.length;
        from.push(chip);
        to.push(chipAt(shape, coordinates.with(axis, (next + side) % side)));
        axes.push(axis);
        directions.push(direction);
      }
    }
  }
  return {
    count: from.length,
    from: Uint32Array.from(from),
    to: Uint32Array.from(to),
    kind: new Uint8Array(from.length),
    axis: Uint8Array.from(axes),
    direction: Int8Array.from(directions),
    bytesPerSecond: new Float64Array(from.length).fill(spec.linkBytesPerSecond),
    leaving,
  };
}
