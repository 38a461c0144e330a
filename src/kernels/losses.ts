/**
 * The two losses that a router is trained with beside the task's own. Both are coefficients times what stands here.
 *
 * S tokens, E experts; f_i is the share of the tokens that choose expert i *before* capacity drops any, P_i the mean probability of expert i.
 */

/** E x sum of f_i P_i: 1 when routing is uniform (Fedus et al. 2021, arXiv:2101.03961, equations 4 to 6). */
export function auxiliaryLoss(tokensPerExpert: ArrayLike<number>, probabilitySums: ArrayLike<number>, tokens: number): number {
  const experts = tokensPerExpert.length;
  let total = 0;
  for (let e = 0; e < experts; e++) total += (tokensPerExpert[e] / tokens) * (probabilitySums[e] / tokens);
  return experts * total;
}

/** Mean of (log sum of exp of the logits)^2 (Zoph et al. 2022, arXiv:2202.08906, equation 5), from the sum over the tokens. */
export function routerZLoss(squaredLogSumExpSum: number, tokens: number): number {
  return squaredLogSumExpSum / tokens;
}

/** sums[e] += probabilities[s, e] over the S rows of a [S, E] tensor, in double and row order; the caller starts with zeros. */
export function addProbabilitySums(sums: Float64Array, probabilities: Float32Array): void {
  const experts = sums.length;
  for (let from = 0; from < probabilities.length; from += experts) {
    for (let e = 0; e < experts; e++) sums[e] += probabilities[from + e];
  }
}
