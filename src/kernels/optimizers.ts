import { elementCount, type TensorView } from '../model/index.ts';
import { adafactorBlocks, adafactorScratch } from './reference/adafactor-passes.ts';
import type { AdafactorSettings, AdamWSettings, OptimizerStep, SgdSettings, WeightShape } from './reference/optimizers/index.ts';

export { adafactorBlocks };

/**
 * Updates of weights, as `reference/optimizers` has them: the settings that are left out are the same, and so are the bits. All tensors are f32 (weights are the
 * masters), but for `copy`: the new weights in bf16, for the products of the next step, written in the same pass; null for none.
 */
export interface OptimizerKernels {
  /** Every element for itself, so tensors may be parts of larger ones, of equal shapes. */
  adamw(tensors: AdamWTensors, settings: Partial<AdamWSettings>, at: OptimizerStep): void;
  /** Every element for itself. A velocity comes with a momentum above 0, and only then. */
  sgd(tensors: SgdTensors, settings: Partial<SgdSettings>, at: OptimizerStep): void;
  /**
   * Adafactor in passes, each to the end before the next begins: `adafactorSums` of every block | `adafactorMeans` | `adafactorDirection` of every block |
   * `adafactorRate` | `adafactorUpdate` of every block. The blocks of a pass may run in any order and at once.
   */
  adafactorSums(call: AdafactorCall, block: number): void;
  adafactorMeans(call: AdafactorCall): void;
  adafactorDirection(call: AdafactorCall, block: number): void;
  adafactorRate(call: AdafactorCall): void;
  adafactorUpdate(call: AdafactorCall, block: number): void;
}

interface UpdatedTensors {
  readonly weights: TensorView;
  readonly gradient: TensorView;
  readonly copy: TensorView | null;
}

export interface AdamWTensors extends UpdatedTensors {
  readonly firstMoment: TensorView;
  readonly secondMoment: TensorView;
}

export interface SgdTensors extends UpdatedTensors {
  readonly velocity: TensorView | null;
}

/** Weights and gradient [R, C]; R = 1 is a vector. */
export interface AdafactorCall extends UpdatedTensors {
  /** [R]; null for a vector. */
  readonly rowMeans: TensorView | null;
  /** [C]; of a vector its second moment. */
  readonly columnMeans: TensorView;
  /** At least adafactorScratchElements(R, C) elements: what one pass leaves for the next. */
  readonly scratch: TensorView;
  readonly settings: Partial<AdafactorSettings>;
  readonly at: OptimizerStep;
}

/** Runs all passes of an Adafactor update. */
export function runAdafactor(kernels: OptimizerKernels, call: AdafactorCall): void {
  const blocks = adafactorBlocks(weightShape(call));
  for (let block = 0; block < blocks; block++) kernels.adafactorSums(call, block);
  kernels.adafactorMeans(call);
  for (let block = 0; block < blocks; block++) kernels.adafactorDirection(call, block);
  kernels.adafactorRate(call);
  for (let block = 0; block < blocks; block++) kernels.adafactorUpdate(call, block);
}

/** R, C; a vector has one row. */
export function weightShape({ weights }: { readonly weights: TensorView }): WeightShape {
  const columns = weights.shape[weights.shape.length - 1];
  return { rows: elementCount(weights.shape.slice(0, -1)), columns };
}

export function adafactorScratchElements(shape: WeightShape): number {
  let total = 0;
  adafactorScratch(shape, (elements) => {
    total += elements;
  });
  return total;
}
