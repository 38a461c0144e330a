import { Purpose } from '../base/index.ts';
import type { NoiseKernels } from '../kernels/index.ts';
import { BYTES_PER_ELEMENT, type TensorView } from '../model/index.ts';

/** Variance of a weight is 0.1 / fan-in (Fedus et al. 2021, arXiv 2101.03961, section 2.4). */
const INIT_SCALE = 0.1;
/** More matrices than an expert has. */
const MATRICES_PER_EXPERT = 4;
/** More rows than a matrix has. */
const ROWS_PER_MATRIX = 0x10000;

/**
 * Fills weights [rows, columns] (bf16, input dimension first) of matrix `matrix` of one expert; uniform, mean 0.
 * Keyed by (seed, layer, expert, matrix, row), so any expert can be made alone.
 */
export function fillExpertMatrix(
  kernels: NoiseKernels,
  weights: TensorView,
  { seed, layer, expert, matrix }: { readonly seed: number; readonly layer: number; readonly expert: number; readonly matrix: number },
): void {
  const [rows, columns] = weights.shape;
  const deviation = Math.sqrt(INIT_SCALE / rows);
  const first = (expert * MATRICES_PER_EXPERT + matrix) * ROWS_PER_MATRIX;
  for (let row = 0; row < rows; row++) {
    const target: TensorView = { ...weights, offset: weights.offset + row * columns * BYTES_PER_ELEMENT.bf16, shape: [columns] };
    kernels.noiseRow({ seed, purpose: Purpose.expertWeights, layer, token: first + row }, deviation, null, target);
  }
}
