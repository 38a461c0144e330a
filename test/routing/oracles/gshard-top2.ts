import type { ScoredInput } from '../scores.ts';
import {
  addTo,
  balanceOf,
  columnSums,
  emptyCombine,
  exclusiveCumsum,
  type Mask,
  type Oracle,
  oneHotMax,
  pick,
  probabilitiesOf,
  without,
} from './oracle.ts';

/** Masks and normalised weights of the two best experts. */
export function twoBest(input: ScoredInput): { probabilities: Mask; first: Mask; second: Mask; gate1: number[]; gate2: number[] } {
  const probabilities = probabilitiesOf(input);
  const first = oneHotMax(probabilities);
  const second = oneHotMax(without(probabilities, first));
  const g1 = pick(probabilities, first);
  const g2 = pick(probabilities, second);
  return {
    probabilities,
    first,
    second,
    gate1: g1.map((g, token) => g / (g + g2[token] + 1e-9)),
    gate2: g2.map((g, token) => g / (g1[token] + g + 1e-9)),
  };
}

export const gshardTop2: Oracle = (input, options) => {
  const { probabilities, first, second, gate1, gate2 } = twoBest(input);
  const asks = gate2.map((g, token) => options.secondChoice === 'all' || 2 * g > input.draw(token, 0));
  const combine = emptyCombine(input);
  addTo(combine, input, first, exclusiveCumsum(first), gate1);
  const dispatched = second.map((row, token) => row.map((bit) => (asks[token] ? bit : 0)));
  addTo(combine, input, dispatched, exclusiveCumsum(second, columnSums(first)), gate2);
  return { combine, auxiliaryLoss: balanceOf(probabilities, first) };
};
