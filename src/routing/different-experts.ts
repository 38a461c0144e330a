import { assert } from '../base/index.ts';

/**
 * The assignment of S tokens to S different ones of E >= S experts with the greatest sum of scores [S, E], to expertOf [S]. Exact up to the rounding of
 * doubles: a rectangular assignment problem, solved token after token by the shortest augmenting path (Crouse 2016, doi 10.1109/TAES.2016.140952, section II),
 * in O(S^2 E). Of paths of equal length one that ends at once is taken; where several assignments have the same sum, which of them comes out follows from the
 * order of tokens and experts.
 */
export function assignDifferent(scores: Float32Array, experts: number, expertOf: Int32Array): void {
  assert(expertOf.length <= experts, `${expertOf.length} tokens for ${experts} experts`);
  const state: Matching = {
    ...{ scores, experts, expertOf },
    tokenOf: new Int32Array(experts).fill(-1),
    gain: new Float64Array(expertOf.length),
    price: new Float64Array(experts),
    distance: new Float64Array(experts),
    from: new Int32Array(experts),
    open: new Int32Array(experts),
  };
  for (let token = 0; token < expertOf.length; token++) addToken(state, token);
}

interface Matching {
  /** [S, E]. */
  readonly scores: Float32Array;
  readonly experts: number;
  /** [S] and [E]: who has whom; -1 is nobody. */
  readonly expertOf: Int32Array;
  readonly tokenOf: Int32Array;
  /** Dual variables [S] and [E]: gain + price <= -score, with equality where a token has the expert. */
  readonly gain: Float64Array;
  readonly price: Float64Array;
  /** [E]: length of the shortest way from the new token, and the token before the expert on it. */
  readonly distance: Float64Array;
  readonly from: Int32Array;
  /** Experts: first those that are not reached yet, then those that are, the last one first. */
  readonly open: Int32Array;
}

/** Gives one more token an expert; those on the shortest way to a free expert each move on by one. */
function addToken(state: Matching, token: number): void {
  const { experts, expertOf, tokenOf, gain, price, distance, from, open } = state;
  distance.fill(Number.POSITIVE_INFINITY);
  for (let e = 0; e < experts; e++) open[e] = e;
  let left = experts;
  let length = 0;
  let end = -1;
  for (let at = token; at >= 0; at = tokenOf[end]) {
    const place = reachFrom(state, at, length, left);
    end = open[place];
    length = distance[end];
    open[place] = open[--left];
    open[left] = end;
  }
  gain[token] += length;
  for (let place = left; place < experts; place++) {
    const expert = open[place];
    const shift = length - distance[expert];
    price[expert] -= shift;
    if (tokenOf[expert] >= 0) gain[tokenOf[expert]] += shift;
  }
  for (let expert = end, next = -1; expert >= 0; expert = next) {
    const mover = from[expert];
    next = mover === token ? -1 : expertOf[mover];
    expertOf[mover] = expert;
    tokenOf[expert] = mover;
  }
}

/** Shortens the ways that lead on from a token, and returns the place in `open` of the nearest expert, a free one if there is one. */
function reachFrom(
  { scores, experts, tokenOf, gain, price, distance, from, open }: Matching,
  token: number,
  start: number,
  left: number,
): number {
  const row = token * experts;
  const base = start - gain[token];
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let place = 0; place < left; place++) {
    const expert = open[place];
    const length = base - scores[row + expert] - price[expert];
    if (length < distance[expert]) {
      distance[expert] = length;
      from[expert] = token;
    }
    const own = distance[expert];
    if (own < least || (own === least && tokenOf[expert] < 0)) {
      least = own;
      nearest = place;
    }
  }
  return nearest;
}
