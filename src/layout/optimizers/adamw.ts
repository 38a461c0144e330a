import type { Optimizer } from './optimizer.ts';

/** AdamW: two f32 moments per weight, each read and written once. */
export const adamw: Optimizer = {
  source: 'Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2',
  stateBytes: ({ rows, columns, copies }) => 8 * copies * rows * columns,
  weightPasses: 2,
  gradientPasses: 1,
  statePassesPerWeight: 4,
  vectorOpsPerWeight: 14,
};
