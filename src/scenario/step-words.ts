import type { WorkloadKind } from './scenario.ts';

/** What a step is called in a sentence. Decoding makes one token of every sequence, so that its step is no token. */
export const STEP_WORDS: Readonly<Record<WorkloadKind, string>> = {
  train: 'a training step',
  'fine-tune': 'a fine-tuning step',
  distil: 'a distillation step',
  evaluate: 'an evaluation step',
  prefill: 'a prefill',
  decode: 'a decoding step',
};
