import { columnSums, emptyCombine, exclusiveCumsum, type Oracle, probabilitiesOf } from './oracle.ts';
import { balanceOfAll, topMasks } from './top-k.ts';

/** Round by round with dense masks: the tokens that are left, where they stand behind all that earlier rounds kept, and what of them is kept. */
export const noTokenLeftBehind: Oracle = (input, options) => {
  const { experts, expertCapacity } = input;
  const probabilities = probabilitiesOf(input);
  const rounds = Math.min(Number(options.rounds), experts);
  const masks = topMasks(probabilities, rounds);
  const combine = emptyCombine(input);
  const left = probabilities.map(() => 1);
  const seated = probabilities[0].map(() => 0);
  for (const mask of masks) {
    const trying = mask.map((row, token) => row.map((bit) => bit * left[token]));
    const position = exclusiveCumsum(trying, seated);
    const kept = trying.map((row, token) => row.map((bit, e) => (position[token][e] < expertCapacity ? bit : 0)));
    kept.forEach((row, token) => {
      row.forEach((bit, e) => {
        if (bit) combine[(token * experts + e) * expertCapacity + position[token][e]] = probabilities[token][e];
        left[token] -= bit;
      });
    });
    columnSums(kept).forEach((count, e) => {
      seated[e] += count;
    });
  }
  return { combine, auxiliaryLoss: balanceOfAll(probabilities, masks) / rounds };
};
