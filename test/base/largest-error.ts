type OfNumber = (x: number) => number;

/** Largest relative difference of two functions over evenly spaced points. */
export function largestError(own: OfNumber, reference: OfNumber, from: number, to: number, points = 400_001): number {
  return largestErrorAt(own, reference, grid(from, to, points));
}

export function largestErrorAt(own: OfNumber, reference: OfNumber, points: Iterable<number>): number {
  return largestOf((x) => {
    const [value, expected] = [own(x), reference(x)];
    return expected === 0 ? Math.abs(value) : Math.abs(value - expected) / Math.abs(expected);
  }, points);
}

/** Largest value of `error` over some points, at least one; NaN as soon as one of them is NaN. */
export function largestOf(error: OfNumber, points: Iterable<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const x of points) {
    const value = error(x);
    if (Number.isNaN(value)) return value;
    largest = Math.max(largest, value);
  }
  if (largest < 0) throw new Error('no errors of no points');
  return largest;
}

export function* grid(from: number, to: number, points: number): Generator<number> {
  for (let i = 0; i < points; i++) yield from + ((to - from) * i) / (points - 1);
}

/** As many positive numbers of every binade from 2^first to 2^last, spread unevenly: even ones would skip all binades but the last few. */
export function* binades(first: number, last: number, perBinade: number): Generator<number> {
  for (let exponent = first; exponent <= last; exponent++) {
    for (let i = 0; i < perBinade; i++) yield (1 + ((i + 0.5 + Math.abs(exponent) * GOLDEN) % perBinade) / perBinade) * 2 ** exponent;
  }
}

const GOLDEN = 0.618034;
