import { drawWords, type StreamKey } from '../../base/index.ts';
import { bf16Bits, bf16Value } from '../../kernels/index.ts';
import { bf16Elements, f32Elements, type TensorView } from '../../model/index.ts';

/**
 * Factors that are drawn for the elements of tokens: by seed, step, purpose, layer, global token and column alone, so that every cut of the tokens and of the columns has the same ones,
 * and a backward pass draws them again instead of keeping them.
 */
export interface RandomFactors {
  readonly key: Omit<StreamKey, 'token'>;
  /** The factor of a uniform number in [0, 1). */
  readonly factorOf: (uniform: number) => number;
}

const WORDS_PER_BLOCK = 4;
const WORD_RANGE = 0x1_0000_0000;
const words = new Uint32Array(WORDS_PER_BLOCK);

/** values of one row [columns] *= the factors of a token; `firstColumn` is the place of the first one in whole rows, blocks are counted from `firstBlock`. */
export function timesFactors(
  { key, factorOf }: RandomFactors,
  token: number,
  values: Float32Array | Uint16Array,
  firstColumn = 0,
  firstBlock = 0,
): void {
  const isWide = values instanceof Float32Array;
  const stream = { ...key, token };
  for (let i = 0; i < values.length; i++) {
    const column = firstColumn + i;
    const word = column % WORDS_PER_BLOCK;
    if (i === 0 || word === 0) drawWords(words, stream, firstBlock + Math.floor(column / WORDS_PER_BLOCK));
    const factor = factorOf(words[word] / WORD_RANGE);
    values[i] = isWide ? values[i] * factor : bf16Bits(Math.fround(bf16Value(values[i]) * factor));
  }
}

/** Row `row` of a tensor [rows, columns]. */
export function rowOf(buffer: ArrayBufferLike, view: TensorView, row: number): Float32Array | Uint16Array {
  const columns = view.shape[view.shape.length - 1];
  const values = view.dtype === 'f32' ? f32Elements(buffer, view) : bf16Elements(buffer, view);
  return values.subarray(row * columns, (row + 1) * columns);
}

/** Dropout with inverted scaling: 0, or 1 / (1 - rate) (Srivastava et al. 2014, JMLR 15, section 10). */
export function dropoutFactor(rate: number): (uniform: number) => number {
  const kept = 1 / (1 - rate);
  return (uniform) => (uniform < rate ? 0 : kept);
}
