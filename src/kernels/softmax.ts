import { assert, type Bytes, log } from '../base/index.ts';
import { elementCount, type TensorView } from '../model/index.ts';

/**
 * Softmax of rows and what stands beside it. R rows (tokens, or queries of attention), N columns (experts, or keys).
 * Sums along a row are those of four lanes: partial sums by column modulo 4, added as (0 + 1) + (2 + 3).
 */
export interface SoftmaxKernels {
  /**
   * probabilities [S, E] f32 = softmax over the columns firstColumn .. firstColumn + E - 1 of logits [S, width] f32, row by row.
   * statistics [2, S] f32 receives the row maxima, then the row sums of exp(logit - maximum); see `squaredLogSumExp`.
   */
  softmax(logits: TensorView, firstColumn: number, probabilities: TensorView, statistics: TensorView): void;
  /**
   * The softmax of attention: probabilities [R, N] (f32 or bf16) of scores [R, N] f32, where minus infinity stands for a key that is not seen; a row in
   * which none is seen becomes zeros. The scores are used up; they may lie where f32 probabilities do.
   */
  maskedSoftmax(scores: TensorView, probabilities: TensorView): void;
  /**
   * dx [R, N] (f32 or bf16) = (adds ? dx : 0) + y (dy - sum along the row of dy y), for the outcome y [R, N] (f32 or bf16) and dy [R, N] f32.
   * An f32 dx may lie where dy does.
   */
  softmaxBackward(y: TensorView, dy: TensorView, dx: TensorView, adds: boolean): void;
  /**
   * The k largest of every row of x [R, N] f32, largest first, equal ones in the order of their columns: values [R, k] f32, and their columns as int32 [R, k] at
   * `indices`. Throws for NaN, which has no place in an order, by row and column.
   */
  topK(x: TensorView, values: TensorView, indices: Bytes): void;
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

/** Checks tensors of one shape, those in `f32` of that dtype; [rows, columns]. */
export function sameRows(kernel: string, f32: readonly TensorView[], others: readonly TensorView[]): [number, number] {
  const [rows, columns] = f32[0].shape;
  assert(columns > 0, `${kernel} of ${columns} columns`);
  for (const { shape } of [...f32, ...others])
    assert(shape.length === 2 && shape[0] === rows && shape[1] === columns, `${kernel}: ${shape.join(' x ')} beside ${rows} x ${columns}`);
  for (const { dtype } of f32) assert(dtype === 'f32', `${kernel}: ${dtype} where f32 is meant`);
  return [rows, columns];
}

/** [rows, columns, k] */
export function topKSizes(x: TensorView, values: TensorView): [number, number, number] {
  const [rows, columns] = x.shape;
  const k = values.shape[1];
  assert(x.dtype === 'f32' && values.dtype === 'f32', 'topK works in f32');
  assert(values.shape[0] === rows && k >= 1 && k <= columns, `topK of ${rows} x ${columns} into ${values.shape.join(' x ')}`);
  return [rows, columns, k];
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
