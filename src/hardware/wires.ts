import { assert, type BytesPerSecond } from '../base/index.ts';
import type { Chip } from './chip.ts';
import { hostGrid, hostsOf } from './hosts.ts';
import { linkTable } from './link-table.ts';
import { chipCount, type HostSpec, type Topology, type TopologySpec, type WireSpec } from './topology.ts';
import { noTwist, twistOf } from './twist.ts';

/**
 * Every directed link of 1-D to 3-D grids. A chip has two ports per dimension, so a wrapped side of 2 joins its two chips by two parallel
 * wires (both ports are in use, and the ring formulas hold for n = 2); an open side of 2 by one; a side of 1 has no links.
 * What is broken or slow is what joins two chips: both directions, and both wires where there are two.
 */
export function buildTopology(spec: WireSpec, name: string, chipName: string): Topology {
  const { shape, wrap, slices = 1 } = spec;
  assert(shape.length >= 1 && shape.length <= 3 && wrap.length === shape.length, `a grid of 1 to 3 dimensions, not ${shape.join('x')}`);
  assert(
    shape.every((side) => Number.isInteger(side) && side >= 1),
    `sides are whole and positive: ${shape.join('x')}`,
  );
  assert(Number.isInteger(slices) && slices >= 1, `slices are whole and positive: ${slices}`);
  assert(slices === 1 || spec.host !== undefined, 'several slices are joined by hosts');
  const chips = chipCount(shape) * slices;
  const grid = spec.host === undefined ? null : hostGrid(shape, spec.host.shape);
  return {
    name,
    chipName,
    shape,
    wrap,
    twist: spec.twist ?? noTwist(shape),
    slices,
    chips,
    devicesPerChip: spec.devicesPerChip,
    devices: chips * spec.devicesPerChip,
    hopLatencySeconds: spec.hopLatencySeconds,
    hosts: spec.host === undefined || grid === null ? null : hostsOf(spec.host, grid, chips, slices),
    uniform: (spec.brokenLinks ?? []).length === 0 && (spec.slowLinks ?? []).every(({ factor }) => factor === 1),
    localBytesPerSecond: spec.localBytesPerSecond,
    links: linkTable(spec, slices, grid),
  };
}

/** The wires of slices of a chip generation. Hosts are there where slices are joined, or where `withHosts` asks for them. */
export function sliceTopology(chip: Chip, spec: TopologySpec, options: { readonly withHosts?: boolean } = {}): Topology {
  return buildTopology(wireSpecOf(chip, spec, options.withHosts === true), `${chip.name}:${wiresName(spec)}`, chip.name);
}

export function wireSpecOf(chip: Chip, spec: TopologySpec, withHosts = false): WireSpec {
  return {
    shape: spec.shape,
    wrap: spec.wrap,
    twist: twistFor(spec),
    slices: spec.slices,
    devicesPerChip: chip.devicesPerChip,
    linkBytesPerSecond: chip.iciLinkBytesPerSecond,
    hopLatencySeconds: chip.hopLatencySeconds,
    localBytesPerSecond: localBytesPerSecond(chip),
    host: spec.slices > 1 || withHosts ? hostSpecOf(chip) : undefined,
    brokenLinks: spec.brokenLinks,
    slowLinks: spec.slowLinks,
  };
}

/** Bytes are written to HBM and read from it; chiplets send them over the wire between them too, half of the bytes each way. */
function localBytesPerSecond(chip: Chip): BytesPerSecond {
  const throughMemory = (chip.hbmBytesPerSecond * chip.efficiency.copyPeakShare) / 2;
  return Math.min(throughMemory, 2 * (chip.dieToDieBytesPerSecond ?? throughMemory));
}

/** `4x4x8`, `4x4x8_twisted`, `4x4x4*2` for two slices. */
export function wiresName({ shape, twisted, slices }: Pick<TopologySpec, 'shape' | 'twisted' | 'slices'>): string {
  return `${shape.join('x')}${twisted === true ? '_twisted' : ''}${slices > 1 ? `*${slices}` : ''}`;
}

export function hostSpecOf(chip: Chip): HostSpec {
  return {
    shape: chip.hostShape,
    pcieBytesPerSecond: chip.pcieBytesPerSecond,
    nicBytesPerSecond: chip.dcnBytesPerSecondPerHost,
    latencySeconds: chip.dcnLatencySeconds,
  };
}

function twistFor({ shape, twisted }: TopologySpec): readonly (readonly number[])[] | undefined {
  if (twisted !== true) return undefined;
  const twist = twistOf(shape);
  assert(twist !== null, `${shape.join('x')} has no twist`);
  return twist;
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

/** Row of the link that leaves `chip` along `axis` in `direction`, or -1 at an open end or where the wire is broken. */
export function linkFrom(topology: Topology, chip: number, axis: number, direction: 1 | -1): number {
  return topology.links.leaving[(chip * topology.shape.length + axis) * 2 + (direction === 1 ? 0 : 1)];
}
