import type { WeightMatrix } from '../../model/index.ts';

/** What an optimizer keeps and moves. State is f32 whatever the weights' type. */
export interface Optimizer {
  readonly source: string;
  /** Bytes of state for equal matrices of the given shape, all copies. */
  readonly stateBytes: (weights: WeightMatrix) => number;
  /** Times that an update reads or writes each weight, each gradient, and each f32 number of full-sized state. */
  readonly weightPasses: number;
  readonly gradientPasses: number;
  readonly statePassesPerWeight: number;
  /** Element-wise operations per weight. */
  readonly vectorOpsPerWeight: number;
}
