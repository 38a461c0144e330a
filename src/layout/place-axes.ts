import { assert } from '../base/index.ts';
import { type AxisSizes, MESH_AXES, type MeshAxis } from './mesh.ts';

/** A side of the slice (or a part of one), or the devices of a chip: its size, and how far apart in device numbers its coordinates are. */
export interface Side {
  readonly size: number;
  readonly stride: number;
}

/**
 * [places] -> device of one slice. Every axis gets whole sides of the slice if there is a way to deal them out, so that its groups are rings and
 * planes with wires of their own (as `mesh_utils.create_device_mesh` of jax-ml/jax does); the fastest axis chooses first, and takes as few sides as
 * will do. Where there is no such way, axes share sides (`allow_split_physical_axes` there): in the order of device numbers where that cuts every side
 * evenly, else each axis takes the largest part of a side that divides it. Groups are grids of chips, whatever the sizes.
 */
export function placeAxes(ici: AxisSizes, wires: SliceSides): Uint32Array {
  return numbersOf(partsOfAxes(ici, wires).flat());
}

/** What of a slice is dealt out. */
export interface SliceSides {
  readonly shape: readonly number[];
  readonly devicesPerChip: number;
}

/** The same as sides and parts of sides, without a list of devices: along an axis devices are sums of one multiple of each stride below its size. */
export function sidesOfAxes(ici: AxisSizes, wires: SliceSides): Readonly<Record<MeshAxis, readonly Side[]>> {
  const parts = partsOfAxes(ici, wires);
  const of = (axis: MeshAxis): Side[] => parts[MESH_AXES.length - 1 - MESH_AXES.indexOf(axis)];
  return {
    data: of('data'),
    pipeline: of('pipeline'),
    fsdp: of('fsdp'),
    context: of('context'),
    tensor: of('tensor'),
    expert: of('expert'),
  };
}

/** [axes, fastest first]. */
function partsOfAxes(ici: AxisSizes, wires: SliceSides): Side[][] {
  const sides = sidesOf(wires);
  const sizes = fastestFirst(ici);
  return deal(sizes, sides) ?? inOrder(sizes, sides) ?? split(sizes, sides);
}

function fastestFirst(ici: AxisSizes): number[] {
  return MESH_AXES.map((axis) => ici[axis]).reverse();
}

/** As devices are numbered; null where an axis would end where no side can be cut evenly, e.g. 3 devices of a side of 8. */
function inOrder(sizes: readonly number[], sides: readonly Side[]): Side[][] | null {
  const axes: Side[][] = [];
  let stride = 1;
  for (const size of sizes) {
    const parts = partsFrom(stride, size, sides);
    if (parts === null) return null;
    axes.push(parts);
    stride *= size;
  }
  return axes;
}

/** `size` coordinates that are `stride` devices apart, side by side; null where a side has a remainder. */
function partsFrom(stride: number, size: number, sides: readonly Side[]): Side[] | null {
  const parts: Side[] = [];
  let first = stride;
  for (const side of sides) {
    const end = Math.min(side.stride * side.size, stride * size);
    if (end <= first) continue;
    const isEven = first % side.stride === 0 && end % first === 0 && (side.stride * side.size) % end === 0;
    if (!isEven) return null;
    parts.push({ size: end / first, stride: first });
    first = end;
  }
  return parts;
}

/** Each axis takes the side with which it has the largest divisor in common, then the next, until it has all of its factors; the rest of a side is left to others. */
function split(sizes: readonly number[], sides: readonly Side[]): Side[][] {
  const left = sides.map((side) => ({ ...side }));
  return sizes.map((size) => {
    const parts: Side[] = [];
    for (let rest = size; rest > 1; ) {
      const common = left.map((side) => greatestDivisor(rest, side.size));
      const largest = Math.max(...common);
      assert(largest > 1, `sides of ${sides.map((side) => side.size).join('x')} hold axes of ${sizes.join('x')}`);
      const side = left[common.indexOf(largest)];
      parts.push({ size: largest, stride: side.stride });
      side.size /= largest;
      side.stride *= largest;
      rest /= largest;
    }
    return parts;
  });
}

/** So many coordinates of an axis that form a grid of chips, whatever the sizes: the largest part of a side that divides them, then of the next. */
export function partOfSides(sides: readonly Side[], members: number): Side[] {
  return split([members], sides)[0];
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The devices of a chip first, then the sides; a side of one chip has nothing to deal. */
function sidesOf({ shape, devicesPerChip }: SliceSides): Side[] {
  const sides: Side[] = [];
  let stride = 1;
  for (const size of [devicesPerChip, ...shape]) {
    if (size > 1) sides.push({ size, stride });
    stride *= size;
  }
  return sides;
}

/** [axes, fastest first]: the sides of each; null where sides would have to be cut. */
function deal(sizes: readonly number[], sides: readonly Side[]): Side[][] | null {
  if (sizes.length === 0) return sides.length === 0 ? [] : null;
  const [size, ...rest] = sizes;
  for (const chosen of subsetsWithProduct(sides, size)) {
    const others = deal(
      rest,
      sides.filter((side) => !chosen.includes(side)),
    );
    if (others !== null) return [chosen, ...others];
  }
  return null;
}

/** Fewest sides first, then those of low stride. */
function subsetsWithProduct(sides: readonly Side[], product: number): Side[][] {
  const found: Side[][] = [];
  for (let mask = 0; mask < 1 << sides.length; mask++) {
    const chosen = sides.filter((_, i) => ((mask >> i) & 1) === 1);
    if (chosen.reduce((all, { size }) => all * size, 1) === product) found.push(chosen);
  }
  return found.sort((a, b) => a.length - b.length);
}

/** Counts through the sides, the first fastest. */
function numbersOf(sides: readonly Side[]): Uint32Array {
  const count = sides.reduce((all, { size }) => all * size, 1);
  return Uint32Array.from({ length: count }, (_, place) => {
    let rest = place;
    let device = 0;
    for (const { size, stride } of sides) {
      device += (rest % size) * stride;
      rest = Math.floor(rest / size);
    }
    return device;
  });
}
