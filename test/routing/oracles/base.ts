import { bestBalancedSum } from '../assignment-problem.ts';
import type { ScoredInput } from '../scores.ts';
import { addTo, columnSums, emptyCombine, exclusiveCumsum, type Mask, type Oracle, oneHotMax, pick } from './oracle.ts';

/** In tests sums of logits are multiples of 1 / 64, moved by a hundred-thousandth at most. */
const TOLERANCE = 1e-4;

export const base: Oracle = (input, _, { expert }) => {
  const { scores, training } = input;
  const mask = training ? checkedAssignment(input, expert) : oneHotMax(scores);
  const combine = emptyCombine(input);
  const gates = pick(scores, mask).map((logit) => 1 / (1 + Math.exp(-logit)));
  addTo(combine, input, mask, exclusiveCumsum(mask), gates);
  return { combine, auxiliaryLoss: 0 };
};

/** The Hungarian method says what the best sum is; among the assignments that have it the router may take any. */
function checkedAssignment({ scores, tokens, experts }: ScoredInput, expert: Int32Array): Mask {
  const mask = scores.map((row, token) => row.map((_, e) => (expert[token] === e ? 1 : 0)));
  const sum = scores.reduce((total, row, token) => total + row[expert[token]], 0);
  const best = bestBalancedSum(scores);
  if (!(Math.abs(sum - best) < TOLERANCE)) throw new Error(`the sum of logits is ${sum}, the greatest is ${best}`);
  for (const load of columnSums(mask)) {
    if (load !== Math.floor(tokens / experts) && load !== Math.ceil(tokens / experts)) throw new Error(`an expert has ${load} tokens`);
  }
  return mask;
}
