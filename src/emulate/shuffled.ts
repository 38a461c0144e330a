/** A permutation of 0 .. `count` - 1 by Fisher and Yates, all of them equally likely; `draw` answers a uniform number for each place from the last to 1. */
export function shuffled(count: number, draw: (place: number) => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(draw(last) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
