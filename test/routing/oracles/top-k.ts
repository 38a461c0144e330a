import type { ScoredInput } from '../scores.ts';
import { columnSums, type Mask, type Oracle, type OracleAnswer, oneHotMax, pick, probabilitiesOf, without } from './oracle.ts';

/** One-hot masks [S, E] of the k largest scores of each row, first choices first. */
export function topMasks(scores: readonly (readonly number[])[], topK: number): Mask[] {
  const masks: Mask[] = [];
  let left = scores.map((row) => [...row]);
  for (let choice = 0; choice < topK; choice++) {
    const mask = oneHotMax(left);
    masks.push(mask);
    left = without(left, mask);
  }
  return masks;
}

/** Choices in the order in which they queue, and [S][k]: the slot of each, or -1. */
export function slotsInOrder(
  input: ScoredInput,
  masks: readonly Mask[],
  queue: readonly { readonly token: number; readonly choice: number }[],
): number[][] {
  const asked = new Map<number, number>();
  const slots = Array.from({ length: input.tokens }, () => masks.map(() => -1));
  for (const { token, choice } of queue) {
    const expert = masks[choice][token].indexOf(1);
    const position = asked.get(expert) ?? 0;
    asked.set(expert, position + 1);
    if (position < input.expertCapacity) slots[token][choice] = position;
  }
  return slots;
}

/** [S, E, C] from masks, slots [S][k] and weights [S][k]. */
export function combineOf(input: ScoredInput, masks: readonly Mask[], slots: number[][], weights: number[][]): Float64Array {
  const { tokens, experts, expertCapacity } = input;
  const combine = new Float64Array(tokens * experts * expertCapacity);
  slots.forEach((row, token) => {
    row.forEach((slot, choice) => {
      const expert = masks[choice][token].indexOf(1);
      if (slot >= 0) combine[(token * experts + expert) * expertCapacity + slot] += weights[token][choice];
    });
  });
  return combine;
}

export const byChoice = (tokens: readonly number[], topK: number) =>
  Array.from({ length: topK }, (_, choice) => tokens.map((token) => ({ token, choice }))).flat();

/** E sum of f_e P_e, f_e counting all choices. */
export function balanceOfAll(probabilities: Mask, masks: readonly Mask[]): number {
  const counts = masks.map(columnSums);
  const means = columnSums(probabilities).map((sum) => sum / probabilities.length);
  const mean = means.reduce((sum, P, e) => sum + P * counts.reduce((total, count) => total + count[e] / probabilities.length, 0), 0);
  return means.length * mean;
}

/** Tokens by falling key, equal ones as they stand. */
const byFallingKey = (keys: readonly number[]): number[] => keys.map((_, token) => token).sort((a, b) => keys[b] - keys[a] || a - b);

export const topk: Oracle = (input, options): OracleAnswer => {
  const k = Number(options.topK);
  const { scores, experts, draw, training } = input;
  const probabilities = probabilitiesOf(input);
  const masks = topMasks(probabilities, k);
  if (options.secondChoice === 'gumbel' && training) {
    const noisy = scores.map((row, token) => row.map((score, e) => score - Math.log(-Math.log(draw(token, e) + 2 ** -33))));
    masks.splice(1, k - 1, ...topMasks(without(noisy, masks[0]), k - 1));
  }
  const standing = scores.map((_, token) => token);
  const first = pick(probabilities, masks[0]);
  const queues: Record<string, () => { token: number; choice: number }[]> = {
    'choice-major': () => byChoice(standing, k),
    'token-major': () => standing.flatMap((token) => masks.map((_, choice) => ({ token, choice }))),
    'batch-prioritised': () => byChoice(byFallingKey(first.map(Math.fround)), k),
    random: () => byChoice(training ? byFallingKey(standing.map((token) => Math.fround(draw(token, experts)))) : standing, k),
  };
  const slots = slotsInOrder(input, masks, queues[String(options.priority)]());
  const gates = standing.map((token) => masks.map((mask) => pick(probabilities, mask)[token]));
  const weights = standing.map((token) => {
    const sum = gates[token].reduce((total, gate) => total + gate, 0);
    const kept = gates[token].reduce((total, gate, choice) => total + (slots[token][choice] >= 0 ? gate : 0), 0);
    const divisors: Record<string, number> = {
      none: 1,
      'before-drop': sum + 1e-9,
      'after-drop': Math.max(kept, 2 ** -23),
      'softmax-over-chosen': sum,
    };
    return gates[token].map((gate) => gate / divisors[String(options.normalise)]);
  });
  return { combine: combineOf(input, masks, slots, weights), auxiliaryLoss: balanceOfAll(probabilities, masks) };
};

export const batchPrioritised: Oracle = (input, options, answered) =>
  topk(input, { ...options, normalise: 'none', priority: 'batch-prioritised', secondChoice: 'next' }, answered);

export const multiGate: Oracle = (input, options, answered) => ({
  ...topk(input, { ...options, normalise: 'none', priority: 'choice-major', secondChoice: 'next' }, answered),
  auxiliaryLoss: 0,
});
