import * as z from 'zod';
import { LEARNING_RATE_DECAYS, ON_NAN } from '../scenario/index.ts';
import { whole } from './schema-parts.ts';

const share = z.number().min(0).max(0.99);
const coefficient = z.number().min(0).max(1000);
const STEPS = whole(1, 2 ** 24 - 1);

/** What `switchyard train` reads; the rest of a scenario is the step. */
export const learningSchema = z.strictObject({
  texts: z
    .array(z.string().min(1))
    .min(1)
    .max(64)
    .optional()
    .describe('Texts whose words are bytes: names of shipped ones (kjv, jargon, sqlite), or files'),
  heldOutShare: z.number().min(0).max(0.9).optional().describe('Share of every text, its end, that is only evaluated on'),
  steps: STEPS.optional(),
  learningRate: z
    .number()
    .min(1e-9)
    .max(1e9)
    .optional()
    .describe('The highest rate; default 0.01 for Adafactor, 0.003 for AdamW, 0.1 for SGD'),
  warmupSteps: whole(0, 2 ** 24 - 1)
    .optional()
    .describe('Steps over which the rate rises'),
  decay: z.enum(LEARNING_RATE_DECAYS).optional().describe('How the rate falls behind the warm-up'),
  auxiliaryCoefficient: coefficient.optional().describe('Of the load-balancing loss'),
  zCoefficient: coefficient.optional().describe('Of the router z-loss'),
  initialisationScale: z.number().min(1e-6).max(1e6).optional().describe('Scale s of first weights, whose deviation is sqrt(s / n)'),
  dropout: share.optional(),
  expertDropout: share.optional(),
  jitter: share.optional().describe('Routers read tokens times a random number from 1 - jitter to 1 + jitter'),
  softShare: share.optional().describe('Share of the loss that is against the probabilities of a teacher, where an experiment names one'),
  evaluateEvery: STEPS.optional().describe('Steps between evaluations on the held-out text'),
  evaluateBatches: whole(1, 4096).optional().describe('Batches of held-out text that an evaluation reads'),
  checkpointEvery: STEPS.optional().describe('Steps between checkpoints'),
  onNaN: z.enum(ON_NAN).optional().describe('What a loss that is no number does: stop; skip the batch; rewind to the last checkpoint'),
});

export type LearningInput = z.output<typeof learningSchema>;
