import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectWhole } from './check-shape.ts';
import { laneSum } from './lane-sum.ts';

/**
 * Softmax of every row.
 *
 * R rows (tokens), N columns (experts, or whatever is chosen from).
 *   x [R, N]   y [R, N]   statistics [2, R]: the maxima m, then the sums Z
 *   m_r = max over n of x_rn     Z_r = sum over n of e^(x_rn - m_r)     y_rn = e^(x_rn - m_r) / Z_r
 *   dx_rn += y_rn (dy_rn - sum over i of dy_ri y_ri)
 *
 * Sums along a row are those of four lanes (lane-sum.ts): in F32 these are the bits of the kernel tables' softmax. Stays f32 in a bf16 model ("selective precision", Fedus et al. 2021, arXiv:2101.03961, section 2.4): the
 * caller passes F32. Under BF16 the steps are f32 and the outcome is rounded, as in a fused bf16 kernel.
 */
export interface SoftmaxShape {
  /** R */
  readonly rows: number;
  /** N */
  readonly columns: number;
}

export function softmax(numerics: Numerics, shape: SoftmaxShape, x: Reals, y: Reals, statistics: Reals): void {
  const { round, store } = numerics;
  const { rows, columns } = shape;
  checkSoftmax('softmax', shape, { x, y });
  expectElements('softmax', 'statistics', statistics, 2 * rows, `2 x ${rows} rows`);
  for (let row = 0, from = 0; row < rows; row++, from += columns) {
    let maximum = x[from];
    for (let n = 1; n < columns; n++) maximum = Math.max(maximum, x[from + n]);
    for (let n = from; n < from + columns; n++) y[n] = numerics.exp(round(x[n] - maximum));
    const sum = laneSum(numerics, columns, (n) => y[from + n]);
    for (let n = 0; n < columns; n++) y[from + n] = store(y[from + n] / sum);
    statistics[row] = maximum;
    statistics[rows + row] = sum;
  }
}

export function softmaxBackward(numerics: Numerics, shape: SoftmaxShape, y: Reals, dy: Reals, dx: Reals): void {
  const { round, store } = numerics;
  const { rows, columns } = shape;
  checkSoftmax('softmaxBackward', shape, { y, dy, dx });
  for (let row = 0, from = 0; row < rows; row++, from += columns) {
    const along = laneSum(numerics, columns, (n) => round(dy[from + n] * y[from + n]));
    for (let n = from; n < from + columns; n++) dx[n] = store(dx[n] + round(y[n] * round(dy[n] - along)));
  }
}

function checkSoftmax(fn: string, { rows, columns }: SoftmaxShape, tensors: Readonly<Record<string, Reals>>): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'columns', columns, 1);
  for (const [name, tensor] of Object.entries(tensors)) expectElements(fn, name, tensor, rows * columns, `${rows} rows x ${columns}`);
}
