import { softmax } from '../scores.ts';
import { type Oracle, pick } from './oracle.ts';
import { byChoice, combineOf, slotsInOrder, topMasks } from './top-k.ts';

/** Choices are made on sums in f32, as routers make them; weights are in double precision. */
export const lossFree: Oracle = (input, options) => {
  const { scores, biases, tokens } = input;
  const topK = Number(options.topK);
  const gates = scores.map((row) => (options.scores === 'softmax' ? softmax(row) : row.map((logit) => 1 / (1 + Math.exp(-logit)))));
  const biased = gates.map((row) => row.map((gate, e) => Math.fround(Math.fround(gate) + biases[e])));
  const allowed = biased.map((row) => withinGroups(row, Number(options.expertGroups), Number(options.chosenGroups)));
  const masks = topMasks(allowed, topK);
  const standing = scores.map((_, token) => token);
  const slots = slotsInOrder(input, masks, byChoice(standing, topK));
  const chosen = standing.map((token) => masks.map((mask) => pick(gates, mask)[token]));
  const weights = chosen.map((row) => {
    const sum = options.normalise ? row.reduce((total, gate) => total + gate, 1e-20) : 1;
    return row.map((gate) => (gate / sum) * Number(options.scale));
  });
  const decisions = standing.slice(0, tokens).map((token) => masks.map((mask) => mask[token].indexOf(1)).join(','));
  return { combine: combineOf(input, masks, slots, weights), auxiliaryLoss: 0, decisions: decisions.join(' ') };
};

/** -infinity outside the groups with the largest sums of their two best. */
function withinGroups(row: readonly number[], groups: number, chosen: number): number[] {
  const size = row.length / groups;
  const sums = Array.from({ length: groups }, (_, group) => {
    const [first, second = 0] = row.slice(group * size, (group + 1) * size).sort((a, b) => b - a);
    return Math.fround(first + second);
  });
  const ranked = sums.map((_, group) => group).sort((a, b) => sums[b] - sums[a] || a - b);
  const open = new Set(ranked.slice(0, chosen));
  return row.map((score, e) => (open.has(Math.floor(e / size)) ? score : Number.NEGATIVE_INFINITY));
}
