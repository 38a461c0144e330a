import { dirname, isAbsolute, join } from 'node:path';
import type { Chip } from '../hardware/index.ts';
import { type OptionValues, ROUTERS, resolveOptions, routerOrNull } from '../routing/index.ts';
import { resolveMesh, SCENARIO_DEFAULTS, type Scenario, type Stated, sliceName, softwareDefaults } from '../scenario/index.ts';
import type { LoadInput } from './load-schema.ts';
import { type LocatedIssue, located } from './located-issue.ts';
import { resolveLoad } from './resolve-load.ts';
import { resolveModel } from './resolve-model.ts';
import { resolveTopology } from './resolve-topology.ts';
import type { ScenarioInput } from './scenario-schema.ts';

type RouterInput = NonNullable<NonNullable<ScenarioInput['routing']>['router']>;

/** What the command line says instead of the file. */
export interface Overrides {
  readonly seed?: number;
  readonly wrap?: 'open' | 'closed';
  /** Files that it names count from the working directory. */
  readonly load?: LoadInput;
}

export interface Resolved {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly devices: number;
  readonly stated: Stated;
  readonly issues: readonly LocatedIssue[];
  /** Dotted paths whose values are stand-ins. */
  readonly wrong: readonly string[];
}

/** Fills in every default. `file` gives the name and the folder that paths count from. */
export function resolveScenario(input: ScenarioInput, file: string, overrides: Overrides): Resolved {
  const slice = resolveTopology(input.topology, overrides.wrap);
  const { model, issues: modelIssues } = resolveModel(input.model);
  const mesh = resolveMesh(input.layout?.ici ?? { data: SCENARIO_DEFAULTS.layout.data }, slice.devices);
  const load =
    overrides.load === undefined
      ? resolveLoad(input.load, (stated) => (isAbsolute(stated) ? stated : join(dirname(file), stated)))
      : resolveLoad(overrides.load, (stated) => stated);
  const { routing, workload, precision, emulate, seed } = SCENARIO_DEFAULTS;
  const { groupsMultipleOf, router, options, ...routingInput } = input.routing ?? {};
  const { kind: _kind, ...workloadInput } = input.workload ?? {};
  const software = softwareDefaults(slice.topology.chip);
  const expertsOver = input.layout?.expertsOver ?? (model.moe === null ? 'none' : 'data');
  const draft: Scenario = {
    name: input.name ?? stemOf(file),
    question: '',
    topology: slice.topology,
    model,
    layout: { ici: mesh.ici, expertsOver, overlapGradients: input.layout?.overlapGradients ?? software.overlapGradients },
    routing: {
      ...routing,
      groupsMultipleOf: groupsMultipleOf === undefined || groupsMultipleOf === 'auto' ? mesh.ici.data : Number(groupsMultipleOf),
      ...routingInput,
      ...resolveRouter(router ?? routing.router, options ?? {}),
    },
    workload: { ...workload, embedding: software.embedding, ...workloadInput },
    precision: { ...precision, ...input.precision },
    load: load.load,
    emulate: {
      tokens: orAll(input.emulate?.tokens ?? emulate.tokens),
      layers: orAll(input.emulate?.layers ?? emulate.layers),
      verifyShare: input.emulate?.verifyShare ?? emulate.verifyShare,
    },
    seed: overrides.seed ?? input.seed ?? seed,
    vary: input.vary ?? {},
    assert: input.assert ?? {},
  };
  return {
    scenario: { ...draft, question: input.question ?? defaultQuestion(draft) },
    chip: slice.chip,
    devices: slice.devices,
    stated: { wrapIsAssumed: slice.wrapIsAssumed, sections: Object.keys(input), routingKeys: Object.keys(input.routing ?? {}) },
    issues: [...slice.issues, ...modelIssues, ...mesh.issues.map(located), ...load.issues],
    wrong: [
      ...(slice.issues.length > 0 ? ['topology'] : []),
      ...(modelIssues.length > 0 ? ['model'] : []),
      ...(mesh.issues.length > 0 ? ['layout.ici'] : []),
      ...(load.issues.length > 0 ? ['load'] : []),
    ],
  };
}

/** A router's name and all its options; wrong ones stay as they are, and a rule says what is wrong. */
function resolveRouter(stated: RouterInput, options: OptionValues): { readonly router: string; readonly options: OptionValues } {
  const { name: router, ...own } = typeof stated === 'string' ? { name: stated } : stated;
  const given: OptionValues = { ...options, ...own };
  if (routerOrNull({ router, options: given }) === null) return { router, options: given };
  return { router, options: resolveOptions(ROUTERS[router].options, given, router) };
}

function orAll(stated: string | number): 'all' | number {
  return typeof stated === 'number' ? stated : 'all';
}

function defaultQuestion(scenario: Scenario): string {
  return `How long is a training step of ${scenario.model.name} on ${sliceName(scenario)}, and what holds it up?`;
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
