import { assert, log } from '../base/index.ts';
import { elementCount, f32Elements, type TensorView } from '../model/index.ts';
import { expF32 } from './exp-f32.ts';
import type { KernelMemory } from './table.ts';

export interface SoftmaxKernels {
  /**
   * probabilities [S, E] f32 = softmax over the columns firstColumn .. firstColumn + E - 1 of logits [S, width] f32, row by row.
   * statistics [2, S] f32 receives the row maxima, then the row sums of exp(logit - maximum); see `squaredLogSumExp`.
   */
  softmax(logits: TensorView, firstColumn: number, probabilities: TensorView, statistics: TensorView): void;
}

/**
 * Row softmax in f32 ("selective precision", Fedus et al. 2021, arXiv:2101.03961, section 2.4).
 * S rows (tokens), E columns (experts); logits [S, width], of which E columns belong to one layer.
 *
 * The maximum is subtracted first, so nothing overflows. Every operation is rounded to f32, and the sum of a row is taken in four partial
 * sums by column modulo 4, added as (0 + 1) + (2 + 3): a path with four lanes gives the same bits.
 */
export function softmaxRows(
  memory: KernelMemory,
  logits: TensorView,
  firstColumn: number,
  probabilities: TensorView,
  statistics: TensorView,
): void {
  const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
  const source = f32Elements(memory.buffer, logits);
  const target = f32Elements(memory.buffer, probabilities);
  const rowStatistics = f32Elements(memory.buffer, statistics);
  for (let row = 0; row < rows; row++)
    softmaxRow(source, row * width + firstColumn, target, row * experts, experts, rowStatistics, row, rows);
}

/** Checks the shapes of a softmax; [rows, width of the logits, columns of the softmax]. */
export function softmaxSizes(
  logits: TensorView,
  firstColumn: number,
  probabilities: TensorView,
  statistics: TensorView,
): [number, number, number] {
  const [rows, width] = logits.shape;
  const experts = probabilities.shape[1];
  assert(logits.dtype === 'f32' && probabilities.dtype === 'f32' && statistics.dtype === 'f32', 'softmax works in f32');
  assert(probabilities.shape[0] === rows && experts > 0, `softmax of ${rows} rows into ${probabilities.shape.join(' x ')}`);
  assert(firstColumn >= 0 && firstColumn + experts <= width, `softmax of columns ${firstColumn} + ${experts} of ${width}`);
  assert(elementCount(statistics.shape) === 2 * rows, `softmax statistics of ${rows} rows in ${statistics.shape.join(' x ')}`);
  return [rows, width, experts];
}

function softmaxRow(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  experts: number,
  statistics: Float32Array,
  row: number,
  rows: number,
): void {
  const fround = Math.fround;
  let maximum = source[from];
  for (let e = 1; e < experts; e++) maximum = Math.max(maximum, source[from + e]);
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let e = 0; e < experts; e++) {
    const value = expF32(fround(source[from + e] - maximum));
    target[to + e] = value;
    const column = e & 3;
    if (column === 0) sum0 = fround(sum0 + value);
    else if (column === 1) sum1 = fround(sum1 + value);
    else if (column === 2) sum2 = fround(sum2 + value);
    else sum3 = fround(sum3 + value);
  }
  const sum = fround(fround(sum0 + sum1) + fround(sum2 + sum3));
  for (let e = 0; e < experts; e++) target[to + e] = target[to + e] / sum;
  statistics[row] = maximum;
  statistics[rows + row] = sum;
}

/** Sum over the rows of (log sum of exp of the logits)^2, in double and row order, from the statistics [2, S] of a softmax. */
export function squaredLogSumExp(statistics: Float32Array): number {
  const rows = statistics.length / 2;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const logSumExp = statistics[row] + log(statistics[rows + row]);
    total += logSumExp * logSumExp;
  }
  return total;
}
