/** Largest relative difference of two functions over a grid; the grid skips no binade by stepping through irregular points. */
export function largestError(
  own: (x: number) => number,
  reference: (x: number) => number,
  from: number,
  to: number,
  points = 400_001,
): number {
  let largest = 0;
  for (let i = 0; i < points; i++) {
    const x = from + ((to - from) * i) / (points - 1);
    const expected = reference(x);
    const error = expected === 0 ? Math.abs(own(x)) : Math.abs(own(x) - expected) / Math.abs(expected);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}
