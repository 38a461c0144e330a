import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';

/**
 * The k largest numbers of every row, largest first; equal ones in the order of their columns.
 *
 * R rows (tokens), N columns (experts), k choices.
 *   x [R, N]   values [R, k]   indices [R, k]: the columns that the values come from
 *   dx[r, indices[r, c]] += dValues[r, c]; the choice itself is a constant
 *
 * The tie rule is that of tensorflow's tf.math.top_k, and of an arg-max that takes the first maximum. NaN has no place in an order, so it is
 * refused by name instead of being routed somewhere.
 */
export interface TopKShape {
  /** R */
  readonly rows: number;
  /** N */
  readonly columns: number;
  readonly k: number;
}

export function topK(shape: TopKShape, x: Reals, values: Reals, indices: Int32Array): void {
  const { rows, columns, k } = shape;
  checkTopK('topK', shape, { values, indices });
  expectElements('topK', 'x', x, rows * columns, `${rows} rows x ${columns}`);
  for (let row = 0; row < rows; row++) {
    const best = values.subarray(row * k, (row + 1) * k);
    const from = indices.subarray(row * k, (row + 1) * k);
    for (let n = 0; n < columns; n++) {
      const value = x[row * columns + n];
      expectThat(!Number.isNaN(value), 'topK', `x at row ${row}, column ${n}`, 'must be a number', value);
      let place = Math.min(n, k);
      // Earlier columns stay ahead of equal later ones.
      while (place > 0 && best[place - 1] < value) place--;
      if (place === k) continue;
      best.copyWithin(place + 1, place, k - 1);
      from.copyWithin(place + 1, place, k - 1);
      best[place] = value;
      from[place] = n;
    }
  }
}

export function topKBackward(numerics: Numerics, shape: TopKShape, indices: Int32Array, dValues: Reals, dx: Reals): void {
  const { rows, columns, k } = shape;
  checkTopK('topKBackward', shape, { dValues, indices });
  expectElements('topKBackward', 'dx', dx, rows * columns, `${rows} rows x ${columns}`);
  for (let row = 0; row < rows; row++) {
    for (let i = row * k; i < (row + 1) * k; i++) {
      expectThat(
        indices[i] >= 0 && indices[i] < columns,
        'topKBackward',
        `indices at row ${row}`,
        `must be columns below ${columns}`,
        indices[i],
      );
      const at = row * columns + indices[i];
      dx[at] = numerics.store(dx[at] + dValues[i]);
    }
  }
}

function checkTopK(fn: string, { rows, columns, k }: TopKShape, tensors: Readonly<Record<string, Reals | Int32Array>>): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'k', k, 1);
  expectThat(k <= columns, fn, 'k', `must be at most the ${columns} columns`, k);
  for (const [name, tensor] of Object.entries(tensors)) expectElements(fn, name, tensor, rows * k, `${rows} rows x ${k}`);
}
