import type { Bytes } from '../base/index.ts';
import { BYTES_PER_ELEMENT, type Dtype, type WeightMatrix } from '../model/index.ts';
import type { LayoutSpec } from './mesh.ts';
import { OPTIMIZERS, type Optimizer, type OptimizerName } from './optimizers/index.ts';
import { shardsOf } from './shards.ts';

/** Weights, gradients and optimizer state of some matrices on one device. */
export interface StateBytes {
  readonly weights: Bytes;
  readonly gradients: Bytes;
  readonly optimizer: Bytes;
}

/** Closed form of what one device keeps: replicated matrices whole, expert matrices by their share. Gradients have the type of the matrix products. */
export function stateBytes(
  weights: readonly WeightMatrix[],
  layout: LayoutSpec,
  optimizer: OptimizerName,
  precision: { readonly weights: Dtype; readonly matmul: Dtype },
): StateBytes {
  const rule: Optimizer = OPTIMIZERS[optimizer];
  let elements = 0;
  let state = 0;
  for (const matrix of weights) {
    const share = matrix.expert ? shardsOf(layout).experts : 1;
    elements += (matrix.rows * matrix.columns * matrix.copies) / share;
    state += rule.stateBytes(matrix) / share;
  }
  return {
    weights: elements * BYTES_PER_ELEMENT[precision.weights],
    gradients: elements * BYTES_PER_ELEMENT[precision.matmul],
    optimizer: state,
  };
}
