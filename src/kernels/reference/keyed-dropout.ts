import type { Purpose } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';
import { type DrawPlace, fillUniforms } from './keyed-uniform.ts';

/** What decides which elements of [rows, columns] stay: element n of row r stays when its uniform number is at least `rate`. */
export interface KeyedMask extends DrawPlace {
  readonly rows: number;
  readonly columns: number;
  /** The share that is dropped. */
  readonly rate: number;
  readonly purpose: Purpose;
  /** [rows]: the global token of each row; a row of a negative token is dropped whole. */
  readonly tokens: ArrayLike<number>;
  readonly firstBlock: number;
}

/** to += from / (1 - rate) where the mask keeps an element. Dropout is its own transpose, so this is its forward and its backward pass. */
export function addKept({ round, store }: Numerics, mask: KeyedMask, from: Reals, to: Reals): void {
  const { rows, columns, rate, purpose, tokens, firstBlock } = mask;
  const kept = round(1 - rate);
  const uniforms = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    if (tokens[row] < 0) continue;
    fillUniforms(uniforms, mask, purpose, tokens[row], firstBlock);
    for (let n = 0, at = row * columns; n < columns; n++, at++) if (uniforms[n] >= rate) to[at] = store(to[at] + round(from[at] / kept));
  }
}

export function checkMask(fn: string, { rows, columns, rate, tokens }: KeyedMask, tensors: Readonly<Record<string, Reals>>): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'columns', columns, 1);
  expectThat(rate >= 0 && rate < 1, fn, 'rate', 'must be at least 0 and below 1, or nothing is left to scale up', rate);
  expectThat(tokens.length === rows, fn, 'tokens', `must be one for each of ${rows} rows`, tokens.length);
  for (const [name, tensor] of Object.entries(tensors)) expectElements(fn, name, tensor, rows * columns, `${rows} rows x ${columns}`);
}
