import type { IssueCode } from './issue-code.ts';

/** Models that learn: texts, checkpoints, and steps that go wrong. */
export const LEARNING_CODES = {
  E_TEXT: {
    title: 'A text that nothing can be learned from',
    rule: 'a text is a file in UTF-8 without zero bytes, of at most 256 MiB, long enough for a sequence in each of its parts; its words are bytes',
    example: 'switchyard train scenarios/tiny-switch-v3-32.yaml --text picture.png',
    remedy: 'name a text file, or one of the texts that are shipped: `switchyard list texts`',
  },
  E_CHECKPOINT: {
    title: 'A checkpoint that a run cannot go on from',
    rule: 'the checkpoint of the output folder must be whole, and of the same model, layout, texts and seed; steps, how often they are looked at, and what a loss that is no number does may differ',
    example: 'switchyard train scenarios/tiny-switch-v3-32.yaml --seed 8, after a run with seed 7 into the same folder',
    remedy: 'write to another folder by --out, or begin anew with --restart',
  },
  E_EXPERIMENT: {
    title: 'An experiment that cannot be made',
    rule: 'an `experiment` section has at least two different seeds and one variant, and its claims name variants that there are',
    example:
      'experiment: {seeds: [1, 2], variants: {small: {}}, claims: [{variant: smal, is: lower, than: large, measure: dropRate, source: ...}]}',
    remedy: 'write what the message says; see scenarios/experiments',
  },
  E_LEARNING: {
    title: 'A scenario that a pod cannot learn',
    rule: 'a pod learns decoders with learned or no positions, as many heads of keys as of queries and no biases, from words of bytes, and follows layouts that cut neither a routing group nor a sequence',
    example: 'switchyard train scenarios/switch-base-v3-32.yaml',
    remedy: 'see scenarios/tiny-switch-v3-32.yaml, and what the message says',
  },
  E_NOT_FINITE: {
    title: 'A loss or gradient that is no number',
    rule: 'losses and gradients must be finite; the message names the step, the layer and the tensor in which that was first otherwise',
    example: 'learning: {learningRate: 1e6}',
    remedy:
      'lower the rate, raise warmupSteps, compute the router in f32, or set learning.onNaN to skip or rewind; the checkpoint has the state before the step',
  },
} as const satisfies Record<string, IssueCode>;
