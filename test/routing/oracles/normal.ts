/** Phi(z) by the series of Marsaglia 2004 (Journal of Statistical Software 11, number 4): right to 1e-15 or so, and 0 or 1 far out. */
export function normalCdf(z: number): number {
  if (Math.abs(z) > 8) return z > 0 ? 1 : 0;
  let term = z;
  let sum = z;
  for (let k = 3; sum !== sum + term; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-z * z * 0.5 - 0.9189385332046727);
}

const known = new Map<number, number>();

/** The z with Phi(z) = p, by bisection. */
export function inverseNormalCdf(p: number): number {
  const before = known.get(p);
  if (before !== undefined) return before;
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  known.set(p, low);
  return low;
}
