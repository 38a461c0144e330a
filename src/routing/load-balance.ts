import type { Assignment } from './assignment.ts';
import { required } from './required.ts';
import type { RouterInput } from './router.ts';

/**
 * The auxiliary loss that most routers share: E x sum over experts of f_e P_e, f_e the share of tokens whose first choice is e *before* capacity
 * drops any, P_e the mean probability of e. It is 1 when routing is uniform (Fedus et al. 2021, arXiv 2101.03961, equations 4 to 6).
 */
export function balanceLoss(tokensPerExpert: ArrayLike<number>, probabilitySums: ArrayLike<number>, tokens: number): number {
  const experts = tokensPerExpert.length;
  let total = 0;
  for (let e = 0; e < experts; e++) total += (tokensPerExpert[e] / tokens) * (probabilitySums[e] / tokens);
  return experts * total;
}

/** The same of the router probabilities that came with the input. */
export function balanceLossOf(input: RouterInput, tokensPerExpert: ArrayLike<number>): number {
  return balanceLoss(tokensPerExpert, probabilitySumsOf(input), input.tokens);
}

/** [E] `scale` x d balanceLoss / d probability of e, the same for every token: E f_e / S. The count f is a constant. */
export function balanceGradient(tokensPerExpert: ArrayLike<number>, tokens: number, scale: number): Float64Array {
  const experts = tokensPerExpert.length;
  return Float64Array.from({ length: experts }, (_, e) => ((experts * tokensPerExpert[e]) / (tokens * tokens)) * scale);
}

/** [E]: how many tokens have each expert as their first choice, in an assignment with rows token * k + choice. */
export function countFirstChoices({ expert }: Assignment, { tokens, experts }: RouterInput): Int32Array {
  const counts = new Int32Array(experts);
  const perToken = expert.length / tokens;
  for (let row = 0; row < expert.length; row += perToken) counts[expert[row]]++;
  return counts;
}

/** [E]: how many choices, kept or not, asked for each expert. */
export function countChoices({ expert, requested }: Assignment, experts: number): Int32Array {
  const counts = new Int32Array(experts);
  for (let row = 0; row < expert.length; row++) counts[expert[row]] += requested[row];
  return counts;
}

/** sums[e] += probabilities[s, e] over the S rows of a [S, E] tensor, in double and row order; the caller starts with zeros. */
export function addProbabilitySums(sums: Float64Array, probabilities: Float32Array): void {
  const experts = sums.length;
  for (let from = 0; from < probabilities.length; from += experts) {
    for (let e = 0; e < experts; e++) sums[e] += probabilities[from + e];
  }
}

/** [E]: the sums that came with the input, or made now. */
function probabilitySumsOf(input: RouterInput): Float64Array {
  if (input.probabilitySums !== undefined) return input.probabilitySums;
  const sums = new Float64Array(input.experts);
  addProbabilitySums(sums, required(input, 'probabilities'));
  return sums;
}
