import { f32Elements, type TensorView } from '../../model/index.ts';
import { expF32 } from '../exp-f32.ts';
import { softmax, softmaxBackward } from '../reference/softmax.ts';
import { topK } from '../reference/top-k.ts';
import { type SoftmaxKernels, sameRows, softmaxSizes, topKSizes } from '../softmax.ts';
import type { KernelMemory } from '../table.ts';
import { numericsOf, readReals, writeReals } from './reals.ts';

/** The softmax of routers has code of its own, as every emulated token meets it; the others are the reference kernels. */
export function createPlainSoftmax(memory: KernelMemory): SoftmaxKernels {
  return {
    softmax: (logits, firstColumn, probabilities, statistics) => softmaxRows(memory, logits, firstColumn, probabilities, statistics),

    maskedSoftmax(scores, probabilities) {
      const [rows, columns] = sameRows('maskedSoftmax', [scores], [probabilities]);
      const y = new Float32Array(rows * columns);
      const statistics = new Float32Array(2 * rows);
      softmax(numericsOf(probabilities.dtype), { rows, columns }, readReals(memory, scores), y, statistics);
      for (let row = 0; row < rows; row++) {
        if (statistics[row] === Number.NEGATIVE_INFINITY) y.fill(0, row * columns, (row + 1) * columns);
      }
      writeReals(memory, probabilities, y);
    },

    softmaxBackward(y, dy, dx, adds) {
      const [rows, columns] = sameRows('softmaxBackward', [dy], [y, dx]);
      const gradient = adds ? readReals(memory, dx).slice() : new Float32Array(rows * columns);
      softmaxBackward(numericsOf(dx.dtype), { rows, columns }, readReals(memory, y), readReals(memory, dy), gradient);
      writeReals(memory, dx, gradient);
    },

    topK(x, values, indices) {
      const [rows, columns, k] = topKSizes(x, values);
      topK({ rows, columns, k }, readReals(memory, x), readReals(memory, values), new Int32Array(memory.buffer, indices, rows * k));
    },
  };
}

/**
 * Row softmax in f32 ("selective precision", Fedus et al. 2021, arXiv:2101.03961, section 2.4).
 * S rows (tokens), E columns (experts); logits [S, width], of which E columns belong to one layer.
 *
 * The maximum is subtracted first, so nothing overflows. Every operation is rounded to f32, and the sum of a row is that of four lanes.
 */
function softmaxRows(
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
