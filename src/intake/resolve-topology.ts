import { nearest } from '../base/index.ts';
import { type Chip, chipCount, defaultWrap, parseBareGrid, parseSliceName, partOfChip, type TopologySpec } from '../hardware/index.ts';
import { SCENARIO_DEFAULTS } from '../scenario/index.ts';
import { resolveLinks } from './chip-pairs.ts';
import { findChip } from './chips.ts';
import { issueAt, type LocatedIssue, located } from './located-issue.ts';
import { parsePath } from './path.ts';
import type { ScenarioInput } from './scenario-schema.ts';
import { findSlice, sliceFileNames } from './slices.ts';

export interface ResolvedTopology {
  readonly topology: TopologySpec;
  readonly chip: Chip;
  readonly devices: number;
  /** The wrap-around follows the generation, not the file. */
  readonly wrapIsAssumed: boolean;
  /** Not empty: the topology is a stand-in. */
  readonly issues: readonly LocatedIssue[];
}

export type Wrap = 'auto' | 'open' | 'closed' | readonly boolean[];
type SliceGroup = Exclude<ScenarioInput['topology'], string>;

const STAND_IN = { chip: 'tpu-v3', shape: [4, 4] } as const;

/** Names become chip and sides, sides get their wrap-around. `wrap` overrides what the file says. */
export function resolveTopology(input: ScenarioInput['topology'], wrap: Wrap | undefined): ResolvedTopology {
  const { chip, group, issues } = resolveSlice(input, 'topology');
  if (chip === null || group === null) return { ...standIn(), issues };
  const { devicesPerChip = 1 } = group;
  if (devicesPerChip > chip.devicesPerChip) {
    const rule = `a chip of ${chip.name} has ${chip.devicesPerChip}`;
    const issue = issueAt(['topology', 'devicesPerChip'], 'E_RANGE', String(devicesPerChip), rule, `use at most ${chip.devicesPerChip}`);
    return { ...standIn(), issues: [issue] };
  }
  const links = resolveLinks(group, 'topology');
  if (links.issues.length > 0) return { ...standIn(), issues: links.issues };
  const resolved = spread(
    group,
    group.devicesPerChip === undefined ? chip : partOfChip(chip, group.devicesPerChip),
    wrap ?? group.wrap ?? SCENARIO_DEFAULTS.topology.wrap,
  );
  return { ...resolved, topology: { ...resolved.topology, ...links.links }, issues };
}

/** A name or a group becomes chip and sides; both null where something is wrong. */
export function resolveSlice(
  input: ScenarioInput['topology'],
  path: string,
): { readonly chip: Chip | null; readonly group: SliceGroup | null; readonly issues: readonly LocatedIssue[] } {
  const issues: LocatedIssue[] = [];
  const group = typeof input === 'string' ? byName(input, path, issues) : input;
  if (group === null) return { chip: null, group, issues };
  const found = findChip(group.chip, typeof input === 'string' ? path : `${path}.chip`);
  return 'issue' in found ? { chip: null, group: null, issues: [located(found.issue)] } : { chip: found.chip, group, issues };
}

/** A file of topologies/, or a name that says chip and sides. */
function byName(name: string, path: string, issues: LocatedIssue[]): SliceGroup | null {
  const slice = findSlice(name);
  if (slice !== undefined) return slice;
  const parsed = parseSliceName(name, path);
  if (parsed.slice !== undefined) return { ...parsed.slice, shape: [...parsed.slice.shape] };
  if (parseBareGrid(name) !== null) {
    const rule = 'a step needs a chip, and this names wires alone';
    issues.push(issueAt(parsePath(path), 'E_GRID_CHIP', JSON.stringify(name), rule, 'put a chip before the sides, e.g. tpu-v5p:4x4x4'));
    return null;
  }
  const near = nearest(name, sliceFileNames());
  const { code, value, rule, remedy } = parsed.issue;
  issues.push(issueAt(parsePath(path), code, value, rule, near === undefined ? remedy : `did you mean ${near}?`));
  return null;
}

function spread(group: SliceGroup, chip: Chip, wrap: Wrap): Omit<ResolvedTopology, 'issues'> {
  const { shape } = group;
  const slices = group.slices ?? SCENARIO_DEFAULTS.topology.slices;
  return {
    chip,
    devices: chipCount(shape) * chip.devicesPerChip * slices,
    wrapIsAssumed: wrap === 'auto',
    topology: {
      chip: chip.name,
      shape: [...shape],
      wrap: wrapFlags(wrap, chip, shape),
      slices,
      ...(group.devicesPerChip === undefined ? {} : { devicesPerChip: group.devicesPerChip }),
      slowDevices: group.slowDevices ?? [],
      ...(group.twisted === true ? { twisted: true } : {}),
      ...(group.jitter === undefined ? {} : { jitter: group.jitter }),
      ...lateness(group.startSkew),
    },
  };
}

function lateness(startSkew: SliceGroup['startSkew']): Pick<TopologySpec, 'startSkewSeconds' | 'lateDevices'> {
  if (startSkew === undefined) return {};
  return typeof startSkew === 'number' ? { startSkewSeconds: startSkew } : { lateDevices: startSkew };
}

/** One flag per side; `auto` follows the generation, and leaves a grid without one open. */
export function wrapFlags(wrap: Wrap, chip: Chip | null, shape: readonly number[]): readonly boolean[] {
  if (wrap === 'auto') return chip === null ? shape.map(() => false) : defaultWrap(chip, shape);
  return typeof wrap === 'string' ? shape.map(() => wrap === 'closed') : wrap;
}

function standIn(): Omit<ResolvedTopology, 'issues'> {
  return spread({ ...STAND_IN, shape: [...STAND_IN.shape] }, standInChip(), 'auto');
}

function standInChip(): Chip {
  const found = findChip(STAND_IN.chip, 'topology');
  if ('issue' in found) throw new Error(`internal: ${STAND_IN.chip} is missing from topologies/chips`);
  return found.chip;
}
