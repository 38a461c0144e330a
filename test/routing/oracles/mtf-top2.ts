import { twoBest } from './gshard-top2.ts';
import { addTo, balanceOf, columnSums, emptyCombine, exclusiveCumsum, type Oracle } from './oracle.ts';

export const mtfTop2: Oracle = (input, { secondPolicy, secondThreshold }) => {
  const { probabilities, first, second, gate1, gate2 } = twoBest(input);
  const threshold = Number(secondThreshold);
  const asks = gate2.map((g, token) => {
    if (secondPolicy === 'random') return input.draw(token, 0) < g / Math.max(threshold, 1e-9);
    if (secondPolicy === 'threshold') return g > threshold;
    return secondPolicy === 'all';
  });
  const combine = emptyCombine(input);
  addTo(combine, input, first, exclusiveCumsum(first), gate1);
  const requested = second.map((row, token) => row.map((bit) => (asks[token] ? bit : 0)));
  const keptFirst = columnSums(first).map((count) => Math.min(count, input.expertCapacity));
  addTo(combine, input, requested, exclusiveCumsum(requested, keptFirst), gate2);
  return { combine, auxiliaryLoss: balanceOf(probabilities, first) };
};
