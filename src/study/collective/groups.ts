import { chipCount, stridesOf, type Topology } from '../../hardware/index.ts';

export const AXIS_LETTERS: readonly string[] = ['x', 'y', 'z'];

/** Devices of one group. */
export function groupSize(topology: Topology, axes: readonly number[] | null): number {
  if (axes === null) return topology.devices;
  return axes.reduce((size, axis) => size * topology.shape[axis], topology.devicesPerChip);
}

/** The groups that run at once: everybody, or for each slice one group per line, plane or box along `axes`. */
export function collectiveGroups(topology: Topology, axes: readonly number[] | null): Uint32Array[] {
  if (axes === null) return [Uint32Array.from({ length: topology.devices }, (_, device) => device)];
  const { shape, devicesPerChip } = topology;
  const chips = chipOffsets(shape, axes);
  const others = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const firsts = chipOffsets(shape, others);
  const perSlice = chipCount(shape);
  return Array.from({ length: topology.slices }, (_, slice) => slice * perSlice).flatMap((slice) =>
    Array.from(firsts, (first) =>
      Uint32Array.from(
        { length: chips.length * devicesPerChip },
        (_, member) => (slice + first + chips[Math.floor(member / devicesPerChip)]) * devicesPerChip + (member % devicesPerChip),
      ),
    ),
  );
}

/** Numbers of the chips of a box along some dimensions with its corner at chip 0; the first dimension runs fastest. */
function chipOffsets(shape: readonly number[], axes: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return axes.reduceRight<number[]>(
    (inner, axis) => inner.flatMap((offset) => Array.from({ length: shape[axis] }, (_, at) => offset + at * strides[axis])),
    [0],
  );
}
