import { addTo, balanceOf, emptyCombine, exclusiveCumsum, type Oracle, oneHotMax, pick, probabilitiesOf } from './oracle.ts';

export const switchTop1: Oracle = (input) => {
  const probabilities = probabilitiesOf(input);
  const mask = oneHotMax(probabilities);
  const combine = emptyCombine(input);
  addTo(combine, input, mask, exclusiveCumsum(mask), pick(probabilities, mask));
  return { combine, auxiliaryLoss: balanceOf(probabilities, mask) };
};
