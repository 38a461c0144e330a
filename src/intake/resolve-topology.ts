import { nearest } from '../base/index.ts';
import { type Chip, chipCount, defaultWrap, parseSliceName, type TopologySpec } from '../hardware/index.ts';
import { SCENARIO_DEFAULTS } from '../scenario/index.ts';
import { findChip } from './chips.ts';
import { issueAt, type LocatedIssue, located } from './located-issue.ts';
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

type Wrap = 'auto' | 'open' | 'closed' | readonly boolean[];

const STAND_IN = { chip: 'tpu-v3', shape: [4, 4] } as const;

/** Names become chip and sides, sides get their wrap-around. `wrap` overrides what the file says. */
export function resolveTopology(input: ScenarioInput['topology'], wrap: Wrap | undefined): ResolvedTopology {
  const issues: LocatedIssue[] = [];
  const group = typeof input === 'string' ? byName(input, issues) : input;
  const chipPath = typeof input === 'string' ? 'topology' : 'topology.chip';
  const found = group === undefined ? undefined : findChip(group.chip, chipPath);
  if (found !== undefined && 'issue' in found) issues.push(located(found.issue));
  if (group === undefined || found === undefined || 'issue' in found) {
    return { ...spread(STAND_IN, standInChip(), 'auto'), issues };
  }
  return { ...spread(group, found.chip, wrap ?? group.wrap ?? SCENARIO_DEFAULTS.topology.wrap), issues };
}

/** A file of topologies/, or a name that says chip and sides. */
function byName(name: string, issues: LocatedIssue[]): Exclude<ScenarioInput['topology'], string> | undefined {
  const slice = findSlice(name);
  if (slice !== undefined) return slice;
  const parsed = parseSliceName(name);
  if (parsed.slice !== undefined) return { chip: parsed.slice.chip, shape: [...parsed.slice.shape] };
  const near = nearest(name, sliceFileNames());
  const { code, value, rule, remedy } = parsed.issue;
  issues.push(issueAt(['topology'], code, value, rule, near === undefined ? remedy : `did you mean ${near}?`));
  return undefined;
}

type SliceGroup = Pick<Exclude<ScenarioInput['topology'], string>, 'chip' | 'slices' | 'slowDevices'> & {
  readonly shape: readonly number[];
};

function spread(group: SliceGroup, chip: Chip, wrap: Wrap): Omit<ResolvedTopology, 'issues'> {
  const { shape } = group;
  const slices = group.slices ?? SCENARIO_DEFAULTS.topology.slices;
  const chips = chipCount(shape);
  return {
    chip,
    devices: chips * chip.devicesPerChip * slices,
    wrapIsAssumed: wrap === 'auto',
    topology: { chip: chip.name, shape: [...shape], wrap: wrapFlags(wrap, chip, shape), slices, slowDevices: group.slowDevices ?? [] },
  };
}

function wrapFlags(wrap: Wrap, chip: Chip, shape: readonly number[]): readonly boolean[] {
  if (wrap === 'auto') return defaultWrap(chip, shape);
  return typeof wrap === 'string' ? shape.map(() => wrap === 'closed') : wrap;
}

function standInChip(): Chip {
  const found = findChip(STAND_IN.chip, 'topology');
  if ('issue' in found) throw new Error(`internal: ${STAND_IN.chip} is missing from topologies/chips`);
  return found.chip;
}
