import { assert, type BytesPerSecond, InputError, type Issue, type Seconds } from '../base/index.ts';
import {
  type BareGrid,
  buildTopology,
  type Chip,
  checkShape,
  checkWires,
  hostSpecOf,
  parseBareGrid,
  type Topology,
  type TopologySpec,
  type WireSpec,
  wireSpecOf,
  wiresName,
} from '../hardware/index.ts';
import { findChip } from './chips.ts';
import { resolveSlice, type Wrap, wrapFlags } from './resolve-topology.ts';

/** What is said of wires beside their name; each overrides the name. */
export interface WireOptions extends Pick<TopologySpec, 'twisted' | 'brokenLinks' | 'slowLinks'> {
  readonly slices?: number;
  readonly wrap?: Wrap;
  readonly linkBytesPerSecond?: BytesPerSecond;
  readonly hopLatencySeconds?: Seconds;
  /** Hosts are always there where there are several slices. */
  readonly withHosts?: boolean;
}

export interface ResolvedWires {
  readonly topology: Topology;
  /** Null for a bare grid. */
  readonly chip: Chip | null;
  /** Whose file says how fast links and hosts are: the chip itself, or the one that bare grids borrow from. */
  readonly speedsOf: Chip;
  readonly spec: TopologySpec;
}

/** Bare grids have the links, hops and hosts of this chip, and one device per chip. */
export const BARE_GRID_CHIP = 'tpu-v5p';

/** Hosts of four chips, by the number of sides. */
const BARE_HOSTS = [[4], [2, 2], [2, 2, 1]] as const;

/**
 * The wires that a name says: a bare grid (`torus:16x16x16`, `ring:64`), a file of topologies/, or a slice name (`v5p-128`,
 * `tpu-v4:4x4x8_twisted`, `tpu-v5e:16x16*2`). Throws InputError with everything that is wrong.
 */
export function resolveWires(name: string, options: WireOptions = {}, path = 'topology'): ResolvedWires {
  const bare = parseBareGrid(name, path);
  if (bare?.issue !== undefined) throw new InputError([bare.issue]);
  return bare === null ? sliceWires(name, options, path) : bareWires(bare.grid, options, path);
}

function bareWires(grid: BareGrid, options: WireOptions, path: string): ResolvedWires {
  const { shape } = grid;
  const wrap = options.wrap === undefined || options.wrap === 'auto' ? grid.wrap : wrapFlags(options.wrap, null, shape);
  const spec = specOf({ chip: 'none', shape, wrap, twisted: grid.twisted, slices: grid.slices }, options);
  throwIfAny(checkWires(spec, path));
  const found = findChip(BARE_GRID_CHIP, path);
  assert('chip' in found, `${BARE_GRID_CHIP} is a file of topologies/chips`);
  const { chip } = found;
  const wires = wireSpecOf(chip, spec, options.withHosts);
  const host = wires.host && { ...hostSpecOf(chip), shape: BARE_HOSTS[shape.length - 1] };
  const kind = grid.name.slice(0, grid.name.indexOf(':'));
  return {
    topology: built({ ...wires, host, devicesPerChip: 1 }, `${kind}:${wiresName(spec)}`, 'none', options),
    chip: null,
    speedsOf: chip,
    spec,
  };
}

function sliceWires(name: string, options: WireOptions, path: string): ResolvedWires {
  const { chip, group, issues } = resolveSlice(name, path);
  if (chip === null || group === null) throw new InputError(issues.map(({ issue }) => issue));
  throwIfAny(checkShape(chip, group.shape, path));
  const wrap = wrapFlags(options.wrap ?? group.wrap ?? 'auto', chip, group.shape);
  const { shape, twisted = false, slices = 1 } = group;
  const spec = specOf({ chip: chip.name, shape, wrap, twisted, slices }, options);
  throwIfAny(checkWires(spec, path));
  const wires = wireSpecOf(chip, spec, options.withHosts);
  return { topology: built(wires, `${chip.name}:${wiresName(spec)}`, chip.name, options), chip, speedsOf: chip, spec };
}

function specOf(named: Pick<TopologySpec, 'chip' | 'shape' | 'wrap' | 'twisted' | 'slices'>, options: WireOptions): TopologySpec {
  return {
    ...named,
    slices: options.slices ?? named.slices,
    twisted: options.twisted ?? named.twisted,
    slowDevices: [],
    brokenLinks: options.brokenLinks ?? [],
    slowLinks: options.slowLinks ?? [],
  };
}

function built(wires: WireSpec, name: string, chipName: string, options: WireOptions): Topology {
  const { linkBytesPerSecond = wires.linkBytesPerSecond, hopLatencySeconds = wires.hopLatencySeconds } = options;
  assert(linkBytesPerSecond > 0 && hopLatencySeconds >= 0, 'links have a bandwidth, and no hop ends before it begins');
  return buildTopology({ ...wires, linkBytesPerSecond, hopLatencySeconds }, name, chipName);
}

function throwIfAny(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new InputError(issues);
}
