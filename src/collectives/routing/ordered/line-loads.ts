/** Bytes per hop of one line of members: [n] leaving member i forwards, and backwards. */
export interface HopBytes {
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

/**
 * From the [n, n] matrix of a line, row = from, by the shortest way; both ways share the traffic between opposite members of an even ring (sent one
 * way, it would load the busiest link 1 + 2 / n times as much). A hop carries what goes at least so far: sums from the farthest member inwards,
 * n x n additions and no subtraction, so a link without traffic has exactly none.
 */
export function lineLoads(pairs: Float64Array, n: number, ring: boolean): HopBytes {
  const forward = new Float64Array(n);
  const backward = new Float64Array(n);
  for (let from = 0; from < n; from++) {
    const row = from * n;
    let carried = 0;
    for (let hops = ring ? n >> 1 : n - 1 - from; hops > 0; hops--) {
      const share = ring && 2 * hops === n ? 0.5 : 1;
      carried += pairs[row + ((from + hops) % n)] * share;
      forward[(from + hops - 1) % n] += carried;
    }
    carried = 0;
    for (let hops = ring ? n >> 1 : from; hops > 0; hops--) {
      const share = ring && 2 * hops === n ? 0.5 : 1;
      carried += pairs[row + ((from - hops + n) % n)] * share;
      backward[(from - hops + 1 + n) % n] += carried;
    }
  }
  return { forward, backward };
}
