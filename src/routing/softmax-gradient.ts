import type { Assignment } from './assignment.ts';
import { required } from './required.ts';
import type { RouterGradient, RouterInput } from './router.ts';

/**
 * dL / d logits from dL / d probabilities, row by row: dlogit_j = p_j (dp_j - sum over i of dp_i p_i).
 * `fillRow` writes the row's dL / d probabilities [E] (it starts as `every`, what all tokens share, or zeros).
 */
export function addThroughSoftmax(
  input: RouterInput,
  gradient: RouterGradient,
  every: Float64Array | null,
  fillRow: (token: number, dProbabilities: Float64Array) => void,
): void {
  const { tokens, experts } = input;
  const probabilities = required(input, 'probabilities');
  const row = new Float64Array(experts);
  for (let token = 0, at = 0; token < tokens; token++, at += experts) {
    if (every === null) row.fill(0);
    else row.set(every);
    fillRow(token, row);
    let along = 0;
    for (let e = 0; e < experts; e++) along += row[e] * probabilities[at + e];
    for (let e = 0; e < experts; e++) gradient.logits[at + e] += probabilities[at + e] * (row[e] - along);
  }
}

/** The same where a token has one row and its weight is the probability of its expert: dp = dw there when it has a slot, beside `every`. */
export function addOneWeightThroughSoftmax(
  input: RouterInput,
  { expert, slot }: Assignment,
  gradient: RouterGradient,
  every: Float64Array | null,
): void {
  addThroughSoftmax(input, gradient, every, (token, dProbabilities) => {
    if (slot[token] >= 0) dProbabilities[expert[token]] += gradient.weight[token];
  });
}
