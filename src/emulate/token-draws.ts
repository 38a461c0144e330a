import { drawWords, type Purpose } from '../base/index.ts';

const WORDS_PER_BLOCK = 4;
const WORD_RANGE = 0x1_0000_0000;

/** Uniform number `index` in [0, 1) for token `token` of a group whose first token is `firstToken`, the same on every call. */
export type TokenDraw = (token: number, index: number) => number;

/** Draws of one layer and group in a training step (0 where nothing is trained); the four numbers of a block are drawn together, so that neighbouring indices cost one block. */
export function tokenDraws(seed: number, purpose: Purpose, layer: number, firstToken: number, step = 0): TokenDraw {
  const words = new Uint32Array(WORDS_PER_BLOCK);
  let drawnToken = -1;
  let drawnBlock = -1;
  return (token, index) => {
    const block = Math.floor(index / WORDS_PER_BLOCK);
    if (token !== drawnToken || block !== drawnBlock) {
      drawWords(words, { seed, purpose, step, layer, token: firstToken + token }, block);
      drawnToken = token;
      drawnBlock = block;
    }
    return words[index % WORDS_PER_BLOCK] / WORD_RANGE;
  };
}
