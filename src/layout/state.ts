import type { Bytes } from '../base/index.ts';
import { BYTES_PER_ELEMENT, type Dtype, type WeightMatrix } from '../model/index.ts';
import type { LayoutSpec } from './layout-spec.ts';
import { groupSize } from './mesh.ts';
import { OPTIMIZERS, type Optimizer, type OptimizerName } from './optimizers/index.ts';
import { storedElements, storedShare, updatedElements, updateShards, weightGroupOf } from './weight-shards.ts';

/** Weights, gradients and optimizer state of some matrices on one device. */
export interface StateBytes {
  readonly weights: Bytes;
  readonly gradients: Bytes;
  readonly optimizer: Bytes;
}

/** The rule of an update, and the type of its first moment where it keeps one. */
export interface UpdateSpec {
  readonly optimizer: OptimizerName;
  readonly firstMoment: Dtype;
}

/**
 * Closed form of what one device keeps, whether in its own memory or in the host's: fractions of a row where shards are uneven. Gradients are those that
 * an update reads, after they were reduced.
 */
export function stateBytes(
  weights: readonly WeightMatrix[],
  layout: LayoutSpec,
  { optimizer, firstMoment }: UpdateSpec,
  precision: GradientTypes,
): StateBytes {
  const rule: Optimizer = OPTIMIZERS[optimizer];
  let stored = 0;
  let gradients = 0;
  let state = 0;
  for (const matrix of weights) {
    stored += storedElements(matrix, layout);
    const kept = layout.zero >= 2 ? updatedElements(matrix, layout) : storedElements(matrix, layout);
    gradients += kept * gradientBytesOf(matrix, layout, precision);
    state += (rule.stateBytes(matrix, BYTES_PER_ELEMENT[firstMoment]) * storedShare(matrix, layout)) / updateShards(matrix, layout);
  }
  return {
    weights: stored * BYTES_PER_ELEMENT[precision.weights],
    gradients,
    optimizer: state,
  };
}

/** Types of stored weights, and of gradients as products make them and as they travel. */
export interface GradientTypes {
  readonly weights: Dtype;
  readonly gradients: Dtype;
}

/** Gradients travel as products make them; what a reduce-scatter leaves is the gradient of the stored weights, and has their type where that is wider. */
export function keptGradients(isSharded: boolean, { weights, gradients }: GradientTypes): Dtype {
  return isSharded && BYTES_PER_ELEMENT[weights] > BYTES_PER_ELEMENT[gradients] ? weights : gradients;
}

/** Bytes of one gradient of a matrix as it waits for the update, which reads it so. */
export function gradientBytesOf(matrix: WeightMatrix, layout: LayoutSpec, types: GradientTypes): Bytes {
  return BYTES_PER_ELEMENT[keptGradients(groupSize(layout, weightGroupOf(matrix, layout)) > 1, types)];
}
