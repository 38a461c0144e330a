/**
 * ROUNDS, FALL and START leave 4 to 85 of 4,096 tokens to be moved when scores [4096, 64] are normal, uniform, skewed towards one expert or clustered;
 * fewer rounds leave hundreds under skew, and more of them take longer than the moves that they save.
 */
const ROUNDS = 24;
const FALL = 0.8;
const START = 0.5;

/**
 * Prices [E + 1] at which loads are nearly equal when every token is at its best score - price, the lowest index of equal ones; the last price is left for
 * the caller. Experts with more than their share grow dearer and the others cheaper, in proportion as far as twice the share, by steps that fall from
 * round to round. They start at half of what a token's best score exceeds its mean by. Nothing depends on how near the loads come but time.
 *
 * `expertOf` [S] receives the experts, and `load` [E] their tokens.
 */
export function balancingPrices(
  scores: Float32Array,
  experts: number,
  expertOf: Int32Array,
): { readonly prices: Float64Array; readonly load: Int32Array } {
  const prices = new Float64Array(experts + 1);
  const load = new Int32Array(experts);
  const share = expertOf.length / experts;
  let step = START * meanSpread(scores, experts, expertOf.length);
  chooseBest(scores, experts, prices, expertOf, load);
  for (let round = 0; round < ROUNDS; round++) {
    for (let e = 0; e < experts; e++) {
      const excess = load[e] / share - 1;
      prices[e] += step * Math.min(excess, 1);
    }
    step *= FALL;
    chooseBest(scores, experts, prices, expertOf, load);
  }
  return { prices, load };
}

function chooseBest(scores: Float32Array, experts: number, prices: Float64Array, expertOf: Int32Array, load: Int32Array): void {
  load.fill(0);
  for (let token = 0, at = 0; token < expertOf.length; token++, at += experts) {
    let best = 0;
    let most = scores[at] - prices[0];
    for (let e = 1; e < experts; e++) {
      const value = scores[at + e] - prices[e];
      if (value <= most) continue;
      most = value;
      best = e;
    }
    expertOf[token] = best;
    load[best]++;
  }
}

/** Mean over the tokens of best score - mean score. */
function meanSpread(scores: Float32Array, experts: number, tokens: number): number {
  let sum = 0;
  for (let at = 0; at < scores.length; at += experts) {
    let best = scores[at];
    let total = 0;
    for (let i = at; i < at + experts; i++) {
      total += scores[i];
      if (scores[i] > best) best = scores[i];
    }
    sum += best - total / experts;
  }
  return sum / tokens;
}
