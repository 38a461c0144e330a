/** Mean over the tokens of (log sum of exp of the router logits)^2 (Zoph et al. 2022, arXiv:2202.08906, equation 5), from the sum over the tokens. */
export function routerZLoss(squaredLogSumExpSum: number, tokens: number): number {
  return squaredLogSumExpSum / tokens;
}
