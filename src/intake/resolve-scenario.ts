import { dirname, isAbsolute, join } from 'node:path';
import type { Issue } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import {
  chooseSample,
  type EmulateSpec,
  type EmulateWish,
  SCENARIO_DEFAULTS,
  type Scenario,
  type ScenarioWarning,
  STEP_WORDS,
  type Stated,
  sliceName,
  softwareDefaults,
} from '../scenario/index.ts';
import type { AxesOption } from './axes-option.ts';
import type { NamedLayoutOption } from './layout-option.ts';
import type { LearningInput } from './learning-schema.ts';
import type { LoadInput } from './load-schema.ts';
import type { LocatedIssue } from './located-issue.ts';
import { resolveLayout } from './resolve-layout.ts';
import { resolveLearning } from './resolve-learning.ts';
import { resolveLoad } from './resolve-load.ts';
import { resolveModel } from './resolve-model.ts';
import { resolveRouting } from './resolve-routing.ts';
import { resolveTopology } from './resolve-topology.ts';
import { resolvePrecision, resolveWorkload } from './resolve-workload.ts';
import type { ScenarioInput } from './scenario-schema.ts';

/** What the command line says instead of the file. */
export interface Overrides {
  readonly seed?: number;
  readonly wrap?: 'open' | 'closed';
  /** Files that it names count from the working directory. */
  readonly load?: LoadInput;
  /** Axes that it names. */
  readonly layout?: NamedLayoutOption;
  /** Axes in place of the file's, on the smallest slice that has the cores for them. */
  readonly axes?: AxesOption;
  readonly ignoreMemory?: boolean;
  /** In place of keys of the `learning` group, where the file has one; texts that it names count from the working directory. */
  readonly learning?: Pick<LearningInput, 'steps' | 'texts'>;
  /** Dotted path -> value, in place of what the file says there. */
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface Resolved {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly devices: number;
  readonly stated: Stated;
  readonly issues: readonly LocatedIssue[];
  /** What files of other programs left open; not about the scenario itself. */
  readonly warnings: readonly ScenarioWarning[];
  /** Dotted paths whose values are stand-ins. */
  readonly wrong: readonly string[];
}

/** Fills in every default. `file` gives the name and the folder that paths count from. */
export function resolveScenario(input: ScenarioInput, file: string, overrides: Overrides): Resolved {
  const slice = resolveTopology(input.topology, overrides.wrap);
  const { slices } = slice.topology;
  const software = softwareDefaults(slice.topology.chip);
  const pathOf = (stated: string) => (isAbsolute(stated) ? stated : join(dirname(file), stated));
  const { model, routing: routingOfModel, issues: modelIssues, warnings: modelWarnings } = resolveModel(input.model, pathOf);
  const mesh = resolveLayout(input.layout, { model, sliceDevices: slice.devices / slices, slices, software });
  const { workload, issues: workloadIssues } = resolveWorkload(input.workload, software, pathOf);
  const load = overrides.load === undefined ? resolveLoad(input.load, pathOf) : resolveLoad(overrides.load, (stated) => stated);
  const draft: Scenario = {
    name: input.name ?? stemOf(file),
    question: '',
    topology: slice.topology,
    model,
    layout: mesh.layout,
    routing: resolveRouting(input.routing, routingOfModel, { layout: mesh.layout, workload }),
    workload,
    precision: resolvePrecision(input.precision, input.learning !== undefined),
    load: load.load,
    emulate: SCENARIO_DEFAULTS.emulate,
    ...(input.learning === undefined ? {} : { learning: resolveLearning(input.learning, workload, pathOf) }),
    seed: overrides.seed ?? input.seed ?? SCENARIO_DEFAULTS.seed,
    vary: input.vary ?? {},
    assert: input.assert ?? {},
    ignoreMemory: overrides.ignoreMemory ?? input.ignoreMemory ?? false,
  };
  const wish = wishOf(input.emulate);
  const { secondsOfAll, ...emulate } = chooseSample(draft, wish);
  const scenario = { ...draft, emulate };
  return {
    scenario: { ...scenario, question: input.question ?? defaultQuestion(draft) },
    chip: slice.chip,
    devices: slice.devices,
    stated: {
      wrapIsAssumed: slice.wrapIsAssumed,
      sections: Object.keys(input),
      routingKeys: Object.keys(input.routing ?? {}),
      budget: budgetOf(wish, emulate, secondsOfAll),
    },
    warnings: [...modelWarnings, ...mesh.warnings].map(asWarning),
    issues: [...slice.issues, ...modelIssues, ...mesh.issues, ...workloadIssues, ...load.issues],
    wrong: [
      ...(slice.issues.length > 0 ? ['topology'] : []),
      ...(modelIssues.length > 0 ? ['model'] : []),
      ...mesh.wrong,
      ...(workloadIssues.length > 0 ? ['workload.teacher'] : []),
      ...(load.issues.length > 0 ? ['load'] : []),
    ],
  };
}

/** `config.json:7:3 hidden_act: ...` */
function asWarning({ code, path, place, rule, remedy }: Issue): ScenarioWarning {
  const at = place === undefined ? '' : `${place.file}:${place.line}:${place.column} `;
  return { code, message: `${at}${path}: ${rule}; ${remedy}.` };
}

function wishOf(input: ScenarioInput['emulate']): EmulateWish {
  const { tokens, layers, verifyShare, budgetSeconds } = SCENARIO_DEFAULTS.emulateWish;
  return {
    tokens: word(input?.tokens ?? tokens),
    layers: word(input?.layers ?? layers),
    verifyShare: input?.verifyShare ?? verifyShare,
    budgetSeconds: input?.budgetSeconds ?? budgetSeconds,
  };
}

/** The schema knows that a text is one of the two. */
function word(stated: string | number): 'auto' | 'all' | number {
  return typeof stated === 'number' ? stated : stated === 'all' ? 'all' : 'auto';
}

/** What a sample was chosen by; null where everything is routed, or what the file states. */
function budgetOf(
  { tokens, layers, verifyShare, budgetSeconds }: EmulateWish,
  chosen: EmulateSpec,
  secondsOfAll: number,
): Stated['budget'] {
  const isSample = (tokens === 'auto' && chosen.tokens !== 'all') || (layers === 'auto' && chosen.layers !== 'all');
  const isUnchecked = verifyShare === 'auto' && chosen.verifyShare < SCENARIO_DEFAULTS.emulate.verifyShare;
  return isSample || isUnchecked ? { budgetSeconds, secondsOfAll, isSample, isUnchecked } : null;
}

function defaultQuestion(scenario: Scenario): string {
  return `How long is ${STEP_WORDS[scenario.workload.kind]} of ${scenario.model.name} on ${sliceName(scenario)}, and what holds it up?`;
}

/** The file's name without folder and extension, fit to name a folder. */
function stemOf(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? '';
  const stem = base
    .replace(/\.(ya?ml|json)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return stem === '' ? 'scenario' : stem.slice(0, 80);
}
