import type { Issue } from '../base/index.ts';
import { EXPERIMENT_MEASURES, EXPERIMENT_SCHEMA } from './experiment-result.ts';
import { anything, checkShape, list, nullable, number, object, oneOf, type Shape, table, text } from './shape.ts';

const INTERVAL = object({ mean: number, interval: list(number), count: number });
const MEASURES = Object.fromEntries(Object.keys(EXPERIMENT_MEASURES).map((measure) => [measure, number]));
const INTERVALS = Object.fromEntries(Object.keys(EXPERIMENT_MEASURES).map((measure) => [measure, INTERVAL]));
const CURVE = object({ steps: list(number), seconds: list(number), losses: list(number), dropRates: list(number) });
const CHOICES = object({ texts: list(text), layers: list(object({ layer: number, kept: list(list(number)) })) });

const EXPERIMENT: Shape = object({
  schema: oneOf(EXPERIMENT_SCHEMA),
  name: text,
  question: text,
  scenario: object({ name: text, model: object({ name: text }), learning: object({ steps: number }) }),
  seeds: list(number),
  variants: list(
    object({
      name: text,
      settings: table(anything),
      measures: object({}, INTERVALS),
      runs: list(
        object({
          seed: number,
          fingerprint: text,
          measures: object({}, MEASURES),
          divergedAt: nullable(number),
          curve: CURVE,
          choices: CHOICES,
        }),
      ),
    }),
  ),
  claims: list(
    object({
      ...{ variant: text, than: text, source: text, measure: oneOf(...Object.keys(EXPERIMENT_MEASURES)), is: oneOf('lower', 'higher') },
      ...{ difference: nullable(INTERVAL), verdict: oneOf('seen', 'not seen at this size', 'contradicted', 'not measured') },
    }),
  ),
  gains: list(
    object({
      ...{ variant: text, with: text, without: text, source: text, measure: oneOf(...Object.keys(EXPERIMENT_MEASURES)) },
      kept: nullable(INTERVAL),
    }),
  ),
  fingerprint: text,
  provenance: object({ version: text, node: text, startedAt: text, wallSeconds: number }),
});

/** All places where a stored experiment is not one. */
export function experimentIssues(value: unknown, remedy: string): Issue[] {
  return checkShape(value, EXPERIMENT, 'E_RESULT', remedy);
}
