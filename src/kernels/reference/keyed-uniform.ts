import { drawWords, type Purpose } from '../../base/index.ts';

/** A place in a training run. With the global token it fixes every random number of a layer, however tokens are spread over shards. */
export interface DrawPlace {
  readonly seed: number;
  readonly step: number;
  readonly layer: number;
}

const WORDS_PER_BLOCK = 4;
const WORD_VALUES = 0x1_0000_0000;

const words = new Uint32Array(WORDS_PER_BLOCK);

/** Blocks that a row of this many numbers takes. */
export function uniformBlocks(columns: number): number {
  return Math.ceil(columns / WORDS_PER_BLOCK);
}

/** row[i] = the uniform number in [0, 1) of element i of global token `token`, drawn for `purpose`; blocks are counted from `firstBlock`. */
export function fillUniforms(row: Float64Array, place: DrawPlace, purpose: Purpose, token: number, firstBlock: number): void {
  const key = { ...place, purpose, token };
  for (let i = 0; i < row.length; i++) {
    if (i % WORDS_PER_BLOCK === 0) drawWords(words, key, firstBlock + i / WORDS_PER_BLOCK);
    row[i] = words[i % WORDS_PER_BLOCK] / WORD_VALUES;
  }
}
