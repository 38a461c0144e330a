import type { RouterInput } from '../../src/routing/index.ts';

/**
 * Routers as dense masks, the way the einsum implementations write them: one-hot choices [S, E], exclusive cumulative sums down the group,
 * a comparison with the capacity, and a combine tensor [S, E, C]. Slow and obviously shaped; shares no code with the routers.
 */
type Mask = number[][];
type Oracle = (input: RouterInput) => Float64Array;

const rowsOf = ({ tokens, experts, probabilities }: RouterInput): Mask =>
  Array.from({ length: tokens }, (_, token) => Array.from(probabilities.subarray(token * experts, (token + 1) * experts)));

const oneHotMax = (scores: Mask): Mask =>
  scores.map((row) => {
    const first = row.indexOf(Math.max(...row));
    return row.map((_, expert) => (expert === first ? 1 : 0));
  });

/** [S, E]: how many rows above have a 1 in the column, plus `start` of the column. */
const exclusiveCumsum = (mask: Mask, start: readonly number[]): Mask => {
  const running = [...start];
  return mask.map((row) =>
    row.map((bit, expert) => {
      const before = running[expert];
      running[expert] += bit;
      return before;
    }),
  );
};

const zeros = (input: RouterInput): number[] => new Array<number>(input.experts).fill(0);
const columnSums = (mask: Mask, experts: number): number[] =>
  Array.from({ length: experts }, (_, expert) => mask.reduce((sum, row) => sum + row[expert], 0));
const without = (scores: Mask, mask: Mask): Mask =>
  scores.map((row, token) => row.map((score, expert) => (mask[token][expert] ? Number.NEGATIVE_INFINITY : score)));
const pick = (scores: Mask, mask: Mask): number[] =>
  scores.map((row, token) => row.reduce((sum, score, expert) => sum + score * mask[token][expert], 0));

function addTo(combine: Float64Array, input: RouterInput, mask: Mask, position: Mask, gate: readonly number[]): void {
  const { experts, expertCapacity } = input;
  mask.forEach((row, token) => {
    row.forEach((bit, expert) => {
      const slot = position[token][expert];
      if (bit && slot < expertCapacity) combine[(token * experts + expert) * expertCapacity + slot] += gate[token];
    });
  });
}

const combineOf = ({ tokens, experts, expertCapacity }: RouterInput): Float64Array => new Float64Array(tokens * experts * expertCapacity);

const topTwo =
  (rule: 'gshard' | 'mtf'): Oracle =>
  (input) => {
    const scores = rowsOf(input);
    const first = oneHotMax(scores);
    const second = oneHotMax(without(scores, first));
    const g1 = pick(scores, first);
    const g2 = pick(scores, second);
    const normal1 = g1.map((g, token) => g / (g + g2[token] + 1e-9));
    const normal2 = g2.map((g, token) => g / (g1[token] + g + 1e-9));
    const wanted = normal2.map((g, token) => (rule === 'gshard' ? 2 * g > input.draw(token) : input.draw(token) < g / 0.2));
    const requested = second.map((row, token) => row.map((bit) => (wanted[token] ? bit : 0)));
    const firstCounts = columnSums(first, input.experts);
    const start = rule === 'gshard' ? firstCounts : firstCounts.map((count) => Math.min(count, input.expertCapacity));
    const combine = combineOf(input);
    addTo(combine, input, first, exclusiveCumsum(first, zeros(input)), normal1);
    addTo(combine, input, requested, exclusiveCumsum(rule === 'gshard' ? second : requested, start), normal2);
    return combine;
  };

/** [S, E, C] combine tensors, by router. */
export const ORACLES: Readonly<Record<string, Oracle>> = {
  'switch-top1': (input) => {
    const scores = rowsOf(input);
    const mask = oneHotMax(scores);
    const combine = combineOf(input);
    addTo(combine, input, mask, exclusiveCumsum(mask, zeros(input)), pick(scores, mask));
    return combine;
  },
  'gshard-top2': topTwo('gshard'),
  'mtf-top2': topTwo('mtf'),
};
