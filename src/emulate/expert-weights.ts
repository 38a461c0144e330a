import { Purpose } from '../base/index.ts';
import { fillNoise, lookUpNoise, noiseLevelBits, noiseWords } from './noise.ts';

/** Variance of a weight is 0.1 / fan-in (Fedus et al. 2021, arXiv 2101.03961, section 2.4). */
const INIT_SCALE = 0.1;
/** More matrices than an expert has. */
const MATRICES_PER_EXPERT = 4;
/** More rows than a matrix has. */
const ROWS_PER_MATRIX = 0x10000;

/**
 * Fills weights [rows, columns] (bf16 bits, input dimension first) of matrix `matrix` of one expert; uniform, mean 0.
 * Keyed by (seed, layer, expert, matrix, row), so any expert can be made alone.
 */
export function fillExpertMatrix(
  weights: Uint16Array,
  shape: readonly [rows: number, columns: number],
  key: { readonly seed: number; readonly layer: number; readonly expert: number; readonly matrix: number },
): void {
  const [rows, columns] = shape;
  const words = noiseWords(columns);
  const bits = noiseLevelBits(Math.sqrt(INIT_SCALE / rows));
  const first = (key.expert * MATRICES_PER_EXPERT + key.matrix) * ROWS_PER_MATRIX;
  for (let row = 0; row < rows; row++) {
    fillNoise(words, key.seed, Purpose.expertWeights, key.layer, first + row);
    lookUpNoise(words, bits, weights.subarray(row * columns, (row + 1) * columns));
  }
}
