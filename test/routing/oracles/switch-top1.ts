import { addTo, balanceOf, emptyCombine, exclusiveCumsum, type Oracle, oneHotMax, pick, probabilitiesOf } from './oracle.ts';

export const switchTop1: Oracle = (input, { countsForLoss }) => {
  const probabilities = probabilitiesOf(input);
  const mask = oneHotMax(probabilities);
  const position = exclusiveCumsum(mask);
  const combine = emptyCombine(input);
  addTo(combine, input, mask, position, pick(probabilities, mask));
  const masked = mask.map((row, token) => row.map((bit, expert) => (position[token][expert] < input.expertCapacity ? bit : 0)));
  return { combine, auxiliaryLoss: balanceOf(probabilities, countsForLoss === 'huggingface' ? oneHotMax(masked) : mask) };
};
