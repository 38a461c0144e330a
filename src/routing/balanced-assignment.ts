import { assert } from '../base/index.ts';
import { balancingPrices } from './balancing-prices.ts';
import { assignDifferent } from './different-experts.ts';
import { moveToken, openTransport, type Transport } from './shortest-moves.ts';

/**
 * The assignment of S tokens to E experts with the greatest sum of scores [S, E] under which loads differ by at most one: each expert has floor(S / E) or
 * ceil(S / E) tokens. Written to expertOf [S]. Exact: a transportation problem, solved by successive shortest paths (Edmonds and Karp 1972) on the graph of
 * the experts, whose arc i -> j costs what the cheapest token loses that moves from i to j. That graph has E^2 arcs; where experts are as many as tokens or more,
 * each token gets one of its own instead.
 *
 * Prices that nearly balance the loads come first; with every token at its best score - price the sum is the best for the loads that result, and
 * remains so after every move along a shortest path, until no expert has more than it wants. The sum is exact up to the rounding of doubles. Where several
 * assignments have the same sum, which of them comes out follows from the order of the tokens alone.
 */
export function assignBalanced(scores: Float32Array, experts: number, expertOf: Int32Array): void {
  const tokens = expertOf.length;
  if (tokens <= experts) {
    assignDifferent(scores, experts, expertOf);
    return;
  }
  const { prices, load } = balancingPrices(scores, experts, expertOf);
  const fewest = Math.floor(tokens / experts);
  const wanted = wantedLoads(tokens, experts, fewest, prices);
  const transport = openTransport(scores, experts, expertOf, { load, wanted, fewest, prices });
  const search = openSearch(experts);
  for (;;) {
    const end = shortestPath(transport, search);
    if (end < 0) return;
    moveAlong(transport, search, end);
  }
}

/** The dearest experts may have one token more, as many as it takes; the price of place E lies between them and the rest. */
function wantedLoads(tokens: number, experts: number, fewest: number, prices: Float64Array): Int32Array {
  const wanted = new Int32Array(experts).fill(fewest);
  const byPrice = Array.from(wanted.keys()).sort((a, b) => prices[b] - prices[a] || a - b);
  const more = tokens - experts * fewest;
  for (let i = 0; i < more; i++) wanted[byPrice[i]]++;
  prices[experts] = prices[byPrice[more]];
  return wanted;
}

/** Dijkstra's algorithm on experts and place E. */
interface Search {
  /** [E + 1]. */
  readonly distance: Float64Array;
  readonly settled: Uint8Array;
  readonly from: Int32Array;
  /** Settled places in the order in which they were. */
  readonly order: Int32Array;
}

function openSearch(experts: number): Search {
  const places = experts + 1;
  return {
    distance: new Float64Array(places),
    settled: new Uint8Array(places),
    from: new Int32Array(places),
    order: new Int32Array(places),
  };
}

/** From all experts with too many tokens to the nearest one with too few, which is returned; -1 when there is none. Prices follow the distances. */
function shortestPath(transport: Transport, search: Search): number {
  const { experts, load, wanted, prices } = transport;
  const { distance, settled, from, order } = search;
  settled.fill(0);
  from.fill(-1);
  distance.fill(Number.POSITIVE_INFINITY);
  let sources = 0;
  for (let e = 0; e < experts; e++) {
    if (load[e] <= wanted[e]) continue;
    distance[e] = 0;
    sources++;
  }
  if (sources === 0) return -1;
  for (let count = 0; ; count++) {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let place = 0; place <= experts; place++) {
      if (settled[place] === 0 && distance[place] < least) {
        least = distance[place];
        nearest = place;
      }
    }
    assert(nearest >= 0, 'an expert with too few tokens can always be reached');
    if (nearest < experts && load[nearest] < wanted[nearest]) {
      for (let i = 0; i < count; i++) prices[order[i]] += least - distance[order[i]];
      return nearest;
    }
    settled[nearest] = 1;
    order[count] = nearest;
    if (nearest === experts) leaveLastPlace(transport, search, least);
    else leaveExpert(transport, search, nearest, least);
  }
}

/** Shortens the ways that lead on from an expert: to others by its cheapest tokens, and to place E when it can take one token more than it wanted. */
function leaveExpert({ experts, wanted, fewest, prices, cost }: Transport, search: Search, expert: number, start: number): void {
  const { distance, settled, from } = search;
  const row = expert * experts;
  const price = prices[expert];
  for (let e = 0; e < experts; e++) {
    if (settled[e] !== 0) continue;
    const reduced = cost[row + e] - price + prices[e];
    // Rounding can make it a little less than nothing.
    const length = start + Math.max(reduced, 0);
    if (length >= distance[e]) continue;
    distance[e] = length;
    from[e] = expert;
  }
  if (wanted[expert] !== fewest || settled[experts] !== 0) return;
  const length = start + Math.max(0, prices[experts] - price);
  if (length >= distance[experts]) return;
  distance[experts] = length;
  from[experts] = expert;
}

/** From place E to experts that give up their right to one token more. */
function leaveLastPlace({ experts, wanted, fewest, prices }: Transport, search: Search, start: number): void {
  const { distance, settled, from } = search;
  for (let e = 0; e < experts; e++) {
    if (settled[e] !== 0 || wanted[e] === fewest) continue;
    const length = start + Math.max(0, prices[e] - prices[experts]);
    if (length >= distance[e]) continue;
    distance[e] = length;
    from[e] = experts;
  }
}

/** Moves one token along every arc of the path that ends at `end`. */
function moveAlong(transport: Transport, { from }: Search, end: number): void {
  const { experts, wanted, mover } = transport;
  for (let to = end; from[to] >= 0; to = from[to]) {
    const before = from[to];
    if (to === experts) wanted[before]++;
    else if (before === experts) wanted[to]--;
    // From the end backwards: an arc's mover is read before its expert gains a token.
    else moveToken(transport, mover[before * experts + to], to);
  }
}
