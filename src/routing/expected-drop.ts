/**
 * Exact expected share of dropped tokens when every token of a group draws its expert uniformly:
 * E / S * sum over c > C of (c - C) * Binomial(S, 1 / E)(c), because an expert with c tokens drops c - C of them.
 * Even perfectly balanced routing drops tokens, and the more the smaller the group.
 */
export function expectedDroppedTokenFraction(tokens: number, experts: number, expertCapacity: number): number {
  if (expertCapacity >= tokens) return 0;
  if (experts === 1) return (tokens - expertCapacity) / tokens;
  // Probabilities are built from the mode outwards by the ratio of neighbours and divided by their sum: no logarithm, no overflow.
  const odds = 1 / (experts - 1);
  const mode = Math.min(tokens, Math.floor((tokens + 1) / experts));
  let total = 0;
  let overflow = 0;
  for (let c = mode, mass = 1; c <= tokens && mass > 0; c++) {
    total += mass;
    if (c > expertCapacity) overflow += (c - expertCapacity) * mass;
    mass *= ((tokens - c) / (c + 1)) * odds;
  }
  for (let c = mode, mass = 1; c > 0 && mass > 0; ) {
    mass *= c / ((tokens - c + 1) * odds);
    c--;
    total += mass;
    if (c > expertCapacity) overflow += (c - expertCapacity) * mass;
  }
  return (experts / tokens) * (overflow / total);
}
