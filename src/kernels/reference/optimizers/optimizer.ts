import type { Numerics, Reals } from '../../numerics.ts';

/** R x C; a vector has one row. */
export interface WeightShape {
  readonly rows: number;
  readonly columns: number;
}

/** State of one weight matrix by name: f32 whatever the weights' type. Its bytes are what the layout's memory model counts. */
export type OptimizerState = Readonly<Record<string, Reals>>;

export interface OptimizerStep {
  /** t, counted from 1. */
  readonly step: number;
  /** After warm-up and decay: schedules belong to the caller. */
  readonly learningRate: number;
}

export interface OptimizerTensors {
  /** [R, C], overwritten. */
  readonly weights: Reals;
  /** [R, C]: the gradient of the loss, summed over all shards. */
  readonly gradient: Reals;
  /** From `initialise`, overwritten. */
  readonly state: OptimizerState;
}

/** One update rule with its settings. Weights and state are f32 (or f64); every operation is rounded. */
export interface ReferenceOptimizer {
  readonly initialise: (numerics: Numerics, shape: WeightShape) => OptimizerState;
  readonly update: (numerics: Numerics, shape: WeightShape, at: OptimizerStep, tensors: OptimizerTensors) => void;
}
