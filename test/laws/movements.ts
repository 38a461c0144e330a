import { chipAt, coordinatesOf, linkFrom, type Topology } from '../../src/hardware/index.ts';

/** A way to renumber the chips of some wires so that they are the same wires. */
export interface Movement {
  readonly chip: (chip: number) => number;
  /** [dimensions]: -1 where forwards becomes backwards. */
  readonly turns: readonly number[];
}

/** Moves chip 0 to another one, in a slice whose sides all close; a twist goes along. */
export function translation(topology: Topology, to: number): Movement {
  const moved = (chip: number): number => {
    let at = to;
    for (const [axis, steps] of coordinatesOf(topology.shape, chip).entries()) {
      for (let step = 0; step < steps; step++) at = topology.links.to[linkFrom(topology, at, axis, 1)];
    }
    return at;
  };
  return { chip: moved, turns: topology.shape.map(() => 1) };
}

/** Coordinates along some dimensions are counted from the other end. */
export function reflection({ shape }: Topology, isTurned: readonly boolean[]): Movement {
  return {
    chip: (chip) =>
      chipAt(
        shape,
        coordinatesOf(shape, chip).map((at, axis) => (isTurned[axis] ? shape[axis] - 1 - at : at)),
      ),
    turns: shape.map((_, axis) => (isTurned[axis] ? -1 : 1)),
  };
}

/** Each slice takes the place of the next. */
export function nextSlice({ chips, slices, shape }: Topology): Movement {
  return { chip: (chip) => (chip + chips / slices) % chips, turns: shape.map(() => 1) };
}

/** [links]: where each link goes, in wires that may be others. Throws where there is no such link. */
export function movedLinks(from: Topology, to: Topology, movement: Movement): Uint32Array {
  const ends = endsOf(from, to, movement);
  const rows = new Map<string, number>();
  const key = (a: number, b: number, axis: number, direction: number) => `${a} ${b} ${axis} ${direction}`;
  for (let row = 0; row < to.links.count; row++)
    rows.set(key(to.links.from[row], to.links.to[row], to.links.axis[row], to.links.direction[row]), row);
  return Uint32Array.from({ length: from.links.count }, (_, row) => {
    const { axis, direction } = from.links;
    const turn = movement.turns[axis[row]] ?? 1;
    const found = rows.get(key(ends(from.links.from[row]), ends(from.links.to[row]), axis[row], direction[row] * turn));
    if (found === undefined) throw new Error(`no link ${row} of ${from.name} in ${to.name}`);
    return found;
  });
}

/** Hosts follow their chips; the network stays. */
function endsOf(from: Topology, to: Topology, { chip }: Movement): (end: number) => number {
  const hosts = new Map<number, number>();
  const hostOfChip = ({ links, chips }: Topology, one: number) => {
    for (let row = 0; row < links.count; row++) if (links.from[row] === one && links.to[row] >= chips) return links.to[row];
    return -1;
  };
  if (from.hosts !== null) for (let one = 0; one < from.chips; one++) hosts.set(hostOfChip(from, one), hostOfChip(to, chip(one)));
  return (end) => (end < from.chips ? chip(end) : (hosts.get(end) ?? to.hosts?.network ?? -1));
}

export function movedDevices({ devicesPerChip }: Topology, devices: Uint32Array, { chip }: Movement): Uint32Array {
  return devices.map((device) => chip(Math.floor(device / devicesPerChip)) * devicesPerChip + (device % devicesPerChip));
}
