import { assert, type Bytes, type Seconds } from '../base/index.ts';
import { type CollectiveKind, copiesBefore, partShares } from '../collectives/index.ts';
import { buildTopology, isTwisted, type Topology, type WireSpec } from '../hardware/index.ts';
import type { MeshGroup, MeshSizes } from '../layout/index.ts';
import { fullestWire, type GroupShape, groupShape, wiresAcross } from './group-shape.ts';
import { plannedRate } from './planned-rate.ts';
import { twistedTorus } from './twisted-torus.ts';

/** What a collective costs on idle wires when all groups of the mesh run it at once: latency + bytes x secondsPerByte, bytes as `CollectiveRequest` has them. */
export interface Rate {
  readonly latencySeconds: Seconds;
  readonly secondsPerByte: number;
  /** All-to-all: per byte that one member has for all, itself included, over the wires of its own chip; 0 elsewhere. */
  readonly memberSecondsPerByte: number;
}

export interface MeshRates {
  rate(kind: CollectiveKind, group: MeshGroup): Rate;
  /** Bit per dimension of the slice whose wires a group uses. */
  dimensions(group: MeshGroup): number;
}

export function collectiveSeconds({ latencySeconds, secondsPerByte }: Rate, bytes: Bytes): Seconds {
  return latencySeconds + bytes * secondsPerByte;
}

/** Of nobody to send to. */
export const NO_RATE: Rate = { latencySeconds: 0, secondsPerByte: 0, memberSecondsPerByte: 0 };

/** Rates of the groups of one mesh over given wires, each found once. `ofStage`: only groups of one stage of a pipeline send. */
export function meshRates(wires: WireSpec, mesh: MeshSizes, ofStage = false): MeshRates {
  const known = new Map<string, Rate>();
  /** The same by identity, which is quicker. */
  const byGroup = new WeakMap<MeshGroup, Map<CollectiveKind, Rate>>();
  const dimensions = new Map<string, number>();
  let topology: Topology | null = null;
  const find = (kind: CollectiveKind, group: MeshGroup): Rate => {
    const shape = groupShape(wires, mesh, group, ofStage);
    if (kind !== 'broadcast' && kind !== 'permute' && hasClosedForm(kind, wires, shape)) return rateOf(kind, wires, shape);
    topology ??= buildTopology(wires, 'closed form', '');
    return plannedRate(kind, topology, mesh, group);
  };
  return {
    rate(kind, group) {
      const own = byGroup.get(group) ?? new Map<CollectiveKind, Rate>();
      const found = own.get(kind);
      if (found !== undefined) return found;
      const key = `${kind} ${group.ici.join()} ${group.dcn.join()} ${group.sameHeads ?? ''}`;
      const made = known.get(key) ?? find(kind, group);
      known.set(key, made);
      byGroup.set(group, own.set(kind, made));
      return made;
    },
    dimensions(group) {
      const key = `${group.ici.join()} ${group.dcn.join()} ${group.sameHeads ?? ''}`;
      const bits = dimensions.get(key) ?? groupShape(wires, mesh, group).lines.reduce((sum, { axis }) => sum | (1 << axis), 0);
      dimensions.set(key, bits);
      return bits;
    },
  };
}

/** Kinds in which all members take part alike. */
type GroupKind = Exclude<CollectiveKind, 'broadcast' | 'permute'>;

function hasClosedForm(kind: GroupKind, { twist, brokenLinks = [], slowLinks = [] }: WireSpec, { chips, twisted }: GroupShape): boolean {
  if (brokenLinks.length > 0 || slowLinks.length > 0) return false;
  if (chips === 1 || twist === undefined || !isTwisted({ twist })) return true;
  return kind !== 'all-to-all' || twisted;
}

function rateOf(kind: GroupKind, wires: WireSpec, shape: GroupShape): Rate {
  if (shape.members === 1) return NO_RATE;
  switch (kind) {
    case 'all-gather':
    case 'reduce-scatter':
      return gatherRate(wires, shape);
    case 'all-reduce':
      return inSeries([gatherRate(wires, shape), gatherRate(wires, shape)]);
    case 'all-to-all':
      return allToAllRate(wires, shape);
  }
}

/** Blocks reach all members over all dimensions at once, part o of the array along dimension o first; before that the peers of other slices. */
function gatherRate(wires: WireSpec, shape: GroupShape): Rate {
  const { lines, chips, membersPerChip, slices } = shape;
  const withinChip = (membersPerChip - 1) / wires.localBytesPerSecond;
  const exchange = slices > 1 ? outsideRate(wires, shape, ((slices - 1) * membersPerChip) / shape.members) : NO_RATE;
  if (chips === 1) return inSeries([exchange, { ...NO_RATE, secondsPerByte: withinChip }]);
  if (shape.twisted) {
    const { ports, diameter } = twistedTorus(wires);
    const fullest = ((chips - 1) / chips / ports) * shape.groupsPerChip;
    return inSeries([exchange, overWires(wires, fullest, diameter, withinChip)]);
  }
  const sides = lines.map(({ positions }) => positions.length);
  const copies = sides.map((_, k) => sides.map((_side, o) => copiesBefore(sides, o, k)));
  const ends = lines.map(({ ring }, k) => (ring ? (sides[k] - 1) / 2 : sides[k] - 1));
  const shares = partShares(copies.map((row, k) => row.map((count) => count * ends[k])));
  const fullest = lines.map((line, k) => {
    const blocks = copies[k].reduce((sum, count, o) => sum + count * shares[o], 0) / chips;
    return fullestWire(line, (hop) => (line.ring ? (sides[k] - 1) / 2 : hop + 1) * blocks);
  });
  return inSeries([exchange, overWires(wires, Math.max(...fullest) * shape.groupsPerChip, wiresAcross(lines), withinChip)]);
}

/**
 * Every pair of chips shares the orders of the dimensions, so a line of n carries what chips / n pairs of each of its ends exchange. One hop of an
 * even ring has n^2 / 8 pairs of ends, of an odd one (n^2 - 1) / 8; hop i of a line (i + 1) (n - 1 - i).
 */
function allToAllRate(wires: WireSpec, shape: GroupShape): Rate {
  const { lines, chips, membersPerChip: own, members, slices } = shape;
  const withinChip = (own * (own - 1)) / members / wires.localBytesPerSecond;
  const outside = slices > 1 ? outsideRate(wires, shape, (own * (members - members / slices)) / members) : NO_RATE;
  if (chips === 1) return atOnce([outside, { ...NO_RATE, secondsPerByte: withinChip }]);
  const bytesPerPair = (own * own) / members;
  if (shape.twisted) {
    const { diameter, meanDistance, ports } = twistedTorus(wires);
    const fullest = ((bytesPerPair * chips * meanDistance) / ports) * shape.groupsPerChip;
    return atOnce([outside, overWires(wires, fullest, diameter, withinChip)]);
  }
  const fullest = lines.map((line) => {
    const n = line.positions.length;
    const perEnds = (bytesPerPair * chips) / n;
    return fullestWire(line, (hop) => (line.ring ? Math.floor((n * n) / 4) / 2 : (hop + 1) * (n - 1 - hop)) * perEnds);
  });
  const ports = lines.reduce((sum, { ring }) => sum + (ring ? 2 : 1), 0);
  // A part of what a member has stays on its chip.
  const memberSecondsPerByte = ((1 - 1 / chips) * shape.groupsPerChip) / (ports * wires.linkBytesPerSecond);
  const inside = overWires(wires, Math.max(...fullest) * shape.groupsPerChip, wiresAcross(lines), withinChip);
  return atOnce([outside, { ...inside, memberSecondsPerByte }]);
}

function overWires(wires: WireSpec, fullest: number, hops: number, withinChip: number): Rate {
  return {
    latencySeconds: hops * wires.hopLatencySeconds,
    secondsPerByte: Math.max(fullest / wires.linkBytesPerSecond, withinChip),
    memberSecondsPerByte: 0,
  };
}

/** What each chip sends out of its slice per byte, over its own wire to the host and over the host's card. */
function outsideRate({ host }: WireSpec, { groupsPerChip, chipsPerHost }: GroupShape, share: number): Rate {
  assert(host !== undefined, 'several slices are joined by hosts');
  const perChip = share * groupsPerChip;
  return {
    latencySeconds: host.latencySeconds,
    secondsPerByte: Math.max(perChip / host.pcieBytesPerSecond, (perChip * chipsPerHost) / host.nicBytesPerSecond),
    memberSecondsPerByte: 0,
  };
}

/** One after the other. */
function inSeries(rates: readonly Rate[]): Rate {
  return rates.reduce((sum, rate) => ({
    latencySeconds: sum.latencySeconds + rate.latencySeconds,
    secondsPerByte: sum.secondsPerByte + rate.secondsPerByte,
    memberSecondsPerByte: 0,
  }));
}

/** On different wires, the slowest and the farthest count. */
function atOnce(rates: readonly Rate[]): Rate {
  return rates.reduce((most, rate) => ({
    latencySeconds: Math.max(most.latencySeconds, rate.latencySeconds),
    secondsPerByte: Math.max(most.secondsPerByte, rate.secondsPerByte),
    memberSecondsPerByte: Math.max(most.memberSecondsPerByte, rate.memberSecondsPerByte),
  }));
}
