import type { Issue } from '../base/index.ts';
import { COLLECTIVE_SCHEMA, type CollectiveResult, LINK_KINDS } from './collective-result.ts';
import { COLLECTIVE, LINK_PLACE } from './collective-schema.ts';
import { EXPERIMENT_SCHEMA, type ExperimentResult } from './experiment-result.ts';
import { experimentIssues } from './experiment-schema.ts';
import { anything, checkShape, flag, isRecord, list, nullable, number, object, oneOf, type Shape, table, text } from './shape.ts';
import { TRAINING_SCHEMA, type TrainingResult } from './training-result.ts';
import { trainingIssues } from './training-schema.ts';
import { COMPARISON_SCHEMA, type Comparison, METRIC_NAMES, type Metric, RESULT_SCHEMA, type Result } from './types.ts';

/** A stored file that holds what it says. */
export type Stored =
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'comparison'; readonly comparison: Comparison }
  | { readonly kind: 'collective'; readonly collective: CollectiveResult }
  | { readonly kind: 'training'; readonly training: TrainingResult }
  | { readonly kind: 'experiment'; readonly experiment: ExperimentResult };

const REMEDY = 'write the file again with this version of switchyard';

/**
 * Takes an unknown JSON value as a Result, a Comparison, a CollectiveResult, a TrainingResult or an ExperimentResult, or says all that is wrong with it.
 * Everything that a page draws from is looked at; the scenario inside is only held to be an object, because it is shown and not run.
 */
export function readStored(value: unknown): Stored | readonly Issue[] {
  if (!isRecord(value)) {
    return [
      { code: 'E_RESULT', path: '', value: Array.isArray(value) ? 'a list' : String(value), rule: 'must be an object', remedy: REMEDY },
    ];
  }
  if (value.schema === RESULT_SCHEMA) {
    const issues = checkShape(value, RESULT, 'E_RESULT', REMEDY);
    if (issues.length > 0) return issues;
    const result = value as unknown as Result;
    const miscounted = miscountedMetrics(result.metrics, 'metrics');
    return miscounted.length > 0 ? miscounted : { kind: 'result', result };
  }
  if (value.schema === COMPARISON_SCHEMA) {
    const issues = checkShape(value, COMPARISON, 'E_RESULT', REMEDY);
    if (issues.length > 0) return issues;
    const comparison = value as unknown as Comparison;
    const miscounted = comparison.variants.flatMap(({ metrics }, i) => miscountedMetrics(metrics, `variants.${i}.metrics`));
    return miscounted.length > 0 ? miscounted : { kind: 'comparison', comparison };
  }
  if (value.schema === COLLECTIVE_SCHEMA) {
    const issues = checkShape(value, COLLECTIVE, 'E_RESULT', REMEDY);
    return issues.length > 0 ? issues : { kind: 'collective', collective: value as unknown as CollectiveResult };
  }
  if (value.schema === TRAINING_SCHEMA) {
    const issues = trainingIssues(value, PROVENANCE, REMEDY);
    return issues.length > 0 ? issues : { kind: 'training', training: value as unknown as TrainingResult };
  }
  if (value.schema === EXPERIMENT_SCHEMA) {
    const issues = experimentIssues(value, REMEDY);
    return issues.length > 0 ? issues : { kind: 'experiment', experiment: value as unknown as ExperimentResult };
  }
  return [
    {
      code: 'E_RESULT',
      path: 'schema',
      value: value.schema === undefined ? 'missing' : JSON.stringify(value.schema),
      rule: `must be ${RESULT_SCHEMA}, ${COMPARISON_SCHEMA}, ${COLLECTIVE_SCHEMA}, ${TRAINING_SCHEMA} or ${EXPERIMENT_SCHEMA}`,
      remedy: REMEDY,
    },
  ];
}

const MOST_NAMED = 3;

/** A page that leaves a metric out, or shows two values of one, would not say so. */
function miscountedMetrics(metrics: readonly Metric[], path: string): Issue[] {
  const miscounted = METRIC_NAMES.map((name) => [name, metrics.filter((metric) => metric.name === name).length] as const).filter(
    ([, count]) => count !== 1,
  );
  if (miscounted.length === 0) return [];
  const words = miscounted.map(([name, count]) => (count === 0 ? `no ${name}` : `${name} ${count} times`));
  const value =
    words.length <= MOST_NAMED ? words.join(', ') : `${words.slice(0, MOST_NAMED).join(', ')} and ${words.length - MOST_NAMED} more`;
  return [{ code: 'E_RESULT', path, value, rule: `must hold each of the ${METRIC_NAMES.length} metrics once`, remedy: REMEDY }];
}

export function isIssues(stored: Stored | readonly Issue[]): stored is readonly Issue[] {
  return Array.isArray(stored);
}

const METRIC = object(
  { name: oneOf(...METRIC_NAMES), value: number, unit: text, from: oneOf('engine', 'kernels', 'program') },
  { interval: list(number) },
);
const WARNING = object({ code: text, message: text });
const PROVENANCE = object(
  {
    version: text,
    node: text,
    threads: number,
    kernelPath: text,
    startedAt: text,
    wallSeconds: number,
    dataSources: list(text),
  },
  { kernelSpeed: nullable(object({ bf16: number, f32: number, limit: nullable(number) })) },
);
const BREAKDOWN = object({ part: text, kind: oneOf('compute', 'exposedCommunication', 'wait'), secondsByStage: list(number) });
const SCENARIO = object({ name: text, question: text, topology: anything, model: anything, routing: anything, workload: anything });

const COMMUNICATION = object({ kind: text, group: text, part: text, collectives: number, bytesPerDevice: number });
const MEMORY = object(
  {
    capacityBytes: number,
    peakBytes: number,
    peakAtSeconds: number,
    closedFormBytes: number,
    points: list(object({ seconds: number, bytes: number })),
    atPeak: list(object({ name: text, bytes: number })),
  },
  { parts: list(object({ name: text, bytes: list(number) })) },
);

const DETAIL = object(
  {
    breakdown: list(BREAKDOWN),
    timeline: object({
      device: number,
      spans: list(
        object({ track: oneOf('compute', 'ici', 'host'), name: text, part: text, stage: text, startSeconds: number, endSeconds: number }),
      ),
    }),
    expertLoads: list(
      object({
        stack: text,
        layer: number,
        requested: list(number),
        kept: list(number),
        slotsPerExpert: number,
        expertCapacity: number,
        groupTokens: number,
        groups: number,
        totalGroups: number,
        droppedTokenFraction: number,
        maxOverMean: number,
        idleExperts: number,
        expertUsage: number,
        loadEntropy: number,
        routerConfidence: nullable(number),
        auxiliaryLoss: nullable(number),
        routerZLoss: nullable(number),
      }),
    ),
    links: object({
      shape: list(number),
      wrap: list(flag),
      slices: number,
      chips: number,
      hosts: number,
      devicesPerChip: number,
      rows: list(object({ ...LINK_PLACE, kind: oneOf(...LINK_KINDS), bytes: number, busySeconds: number, utilisation: number })),
    }),
    traffic: list(
      object({
        stack: text,
        layer: number,
        devices: number,
        rows: number,
        devicesPerRow: number,
        groups: number,
        tokenBytes: list(number),
        slotBytesPerPair: nullable(number),
        predictedBytesToOthers: number,
        executedBytesToOthers: nullable(number),
      }),
    ),
    memory: MEMORY,
    clusterings: list(
      object({
        name: text,
        strength: nullable(number),
        from: oneOf('exact', 'kernels'),
        droppedTokenFraction: number,
        standardError: nullable(number),
        maxOverMeanExpertLoad: nullable(number),
        tokens: number,
        layers: number,
      }),
    ),
    verification: nullable(
      object({ tokens: number, tokensShare: number, devices: number, comparedValues: number, differingValues: number }),
    ),
    sampling: object({
      routedLayers: number,
      totalLayers: number,
      routedTokens: number,
      totalTokens: number,
      standardError: nullable(number),
    }),
    assumptions: list(text),
  },
  { communication: list(COMMUNICATION) },
);

const RESULT: Shape = object({
  schema: oneOf(RESULT_SCHEMA),
  scenario: SCENARIO,
  metrics: list(METRIC),
  analytic: list(object({ name: text, value: number, unit: text })),
  published: list(object({ metric: oneOf(...METRIC_NAMES), value: number, unit: text, source: text, asOf: text })),
  detail: DETAIL,
  fingerprint: text,
  warnings: list(WARNING),
  provenance: PROVENANCE,
});

const COMPARISON: Shape = object({
  schema: oneOf(COMPARISON_SCHEMA),
  name: text,
  question: text,
  variants: list(object({ vary: table(anything), metrics: list(METRIC), scenario: SCENARIO, breakdown: list(BREAKDOWN) })),
  infeasible: list(object({ vary: table(anything), reasons: list(text) })),
  ratios: list(object({ vary: table(anything), ratios: table(number) })),
  paired: list(object({ vary: table(anything), metric: oneOf(...METRIC_NAMES), mean: number, interval: list(number), seeds: number })),
  seeds: list(number),
  fingerprint: text,
  warnings: list(WARNING),
  provenance: PROVENANCE,
});
