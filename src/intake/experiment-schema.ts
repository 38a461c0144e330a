import * as z from 'zod';
import { EXPERIMENT_MEASURES, type ExperimentMeasure } from '../result/index.ts';
import { whole } from './schema-parts.ts';

const measure = z.enum(Object.keys(EXPERIMENT_MEASURES) as [ExperimentMeasure, ...ExperimentMeasure[]]);

const claim = z.strictObject({
  variant: z.string(),
  is: z.enum(['lower', 'higher']),
  than: z.string(),
  measure,
  source: z.string().min(1).describe('Where that is said'),
});

const gain = z
  .strictObject({ variant: z.string(), with: z.string(), without: z.string(), measure, source: z.string().min(1) })
  .describe('What `variant` keeps of the gain of `with` over `without`');

/** What `switchyard experiment` reads: every variant is a training run for every seed. */
export const experimentSchema = z.strictObject({
  seeds: z
    .array(whole(0, 2 ** 32 - 1))
    .min(2)
    .max(32)
    .describe('Intervals are over these; at least 2'),
  variants: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .describe(
      'Name (of its folder, too) -> dotted paths and the values that they get; `after` names a variant before it whose weights it begins with, `teacher` one whose probabilities it learns from',
    ),
  claims: z.array(claim).optional(),
  gains: z.array(gain).optional(),
});

export type ExperimentInput = z.output<typeof experimentSchema>;
