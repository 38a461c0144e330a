/**
 * The `topK` best of the `experts` scores that start at `at`, best first, to chosen[into] .. chosen[into + topK - 1]. Of equal scores the lower
 * index comes first. `best` [topK] is scratch. Scores of -infinity are never chosen while others are left.
 */
export function chooseTopOfRow(
  scores: Float32Array,
  at: number,
  experts: number,
  topK: number,
  chosen: Int32Array,
  into: number,
  best: Float64Array,
): void {
  best.fill(Number.NEGATIVE_INFINITY);
  const last = topK - 1;
  let worst = Number.NEGATIVE_INFINITY;
  for (let e = 0; e < experts; e++) {
    const score = scores[at + e];
    // Few scores beat the worst of the best so far, so this is nearly all that is done per expert.
    if (!(score > worst)) continue;
    let place = last;
    while (place > 0 && score > best[place - 1]) {
      best[place] = best[place - 1];
      chosen[into + place] = chosen[into + place - 1];
      place--;
    }
    best[place] = score;
    chosen[into + place] = e;
    worst = best[last];
  }
}

/** chooseTopOfRow for every row of `scores` [S, E]; chosen is [S * topK], token-major. */
export function chooseTop(scores: Float32Array, experts: number, topK: number, chosen: Int32Array): void {
  const best = new Float64Array(topK);
  for (let at = 0, into = 0; at < scores.length; at += experts, into += topK) {
    chooseTopOfRow(scores, at, experts, topK, chosen, into, best);
  }
}
