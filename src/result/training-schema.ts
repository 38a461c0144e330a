import type { Issue } from '../base/index.ts';
import { anything, checkShape, list, nullable, number, object, oneOf, type Shape, table, text } from './shape.ts';
import { TRAINING_SCHEMA, type TrainingResult } from './training-result.ts';

/** The scenario is shown and not run: only what a page reads of it is looked at. */
const SCENARIO = object({
  name: text,
  question: text,
  topology: object({ chip: text }),
  model: object({ name: text, vocab: number }),
  layout: object({ ici: table(number), dcn: table(number) }),
  routing: object({ router: text, dispatch: text }),
  workload: anything,
  seed: number,
});

function shapeWith(provenance: Shape): Shape {
  return object({
    schema: oneOf(TRAINING_SCHEMA),
    scenario: SCENARIO,
    cores: number,
    slice: text,
    shrunkFrom: nullable(text),
    texts: list(
      object({ name: text, bytes: number, heldOutBytes: number, source: nullable(text), licence: nullable(text), fingerprint: text }),
    ),
    losses: list(number),
    crossEntropies: list(number),
    auxiliaryLosses: list(number),
    zLosses: list(number),
    dropRates: list(number),
    simulatedSeconds: list(number),
    evaluations: list(object({ step: number, crossEntropy: number, ofTexts: list(number) })),
    layers: list(
      object({
        layer: number,
        dropRates: list(number),
        sampledSteps: list(number),
        kept: list(list(number)),
        keptOfTexts: list(list(number)),
      }),
    ),
    bytes: table(table(object({ counted: number, predicted: number }))),
    skippedBatches: list(number),
    warnings: list(object({ code: text, message: text })),
    fingerprint: text,
    provenance,
  });
}

/** All that is wrong with a stored training result: a part of the wrong shape, else rows that do not belong together. */
export function trainingIssues(value: unknown, provenance: Shape, remedy: string): Issue[] {
  const issues = checkShape(value, shapeWith(provenance), 'E_RESULT', remedy);
  if (issues.length > 0) return issues;
  return lengths(value as TrainingResult).flatMap(({ path, found, wanted, what }) =>
    found === wanted
      ? []
      : [{ code: 'E_RESULT', path, value: `${found} entries`, rule: `must have one for each ${what}, ${wanted}`, remedy }],
  );
}

interface Length {
  readonly path: string;
  readonly found: number;
  readonly wanted: number;
  readonly what: string;
}

const OF_STEPS = ['crossEntropies', 'auxiliaryLosses', 'zLosses', 'dropRates', 'simulatedSeconds'] as const;

/** Two curves of different lengths would be drawn against the same steps, and nothing would show it. */
function lengths(result: TrainingResult): Length[] {
  const { losses, texts, evaluations, layers } = result;
  const steps = losses.length;
  return [
    ...OF_STEPS.map((path) => ({ path, found: result[path].length, wanted: steps, what: 'step' })),
    ...evaluations.map(({ ofTexts }, i) => ({
      path: `evaluations.${i}.ofTexts`,
      found: ofTexts.length,
      wanted: texts.length,
      what: 'text',
    })),
    ...layers.flatMap(({ dropRates, sampledSteps, kept, keptOfTexts }, i): Length[] => {
      const experts = kept[0]?.length ?? keptOfTexts[0]?.length ?? 0;
      const rows = [
        ...kept.map((row, at) => [`kept.${at}`, row] as const),
        ...keptOfTexts.map((row, at) => [`keptOfTexts.${at}`, row] as const),
      ];
      return [
        { path: `layers.${i}.dropRates`, found: dropRates.length, wanted: steps, what: 'step' },
        { path: `layers.${i}.kept`, found: kept.length, wanted: sampledSteps.length, what: 'sampled step' },
        ...(keptOfTexts.length === 0
          ? []
          : [{ path: `layers.${i}.keptOfTexts`, found: keptOfTexts.length, wanted: texts.length, what: 'text' }]),
        ...rows.map(([path, row]) => ({ path: `layers.${i}.${path}`, found: row.length, wanted: experts, what: 'expert' })),
      ];
    }),
  ];
}
