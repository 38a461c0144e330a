import { exp, log } from './elementary.ts';

/**
 * The normal distribution with mean 0 and standard deviation 1, in double arithmetic with the same bits everywhere.
 * Relative error bounds wherever the result is a normal number, held by tests: density 2e-15, distribution 2e-15 in both tails,
 * its inverse 3e-15.
 *
 *   density       phi(x) = e^(-x^2 / 2) / sqrt(2 pi)
 *   distribution  Phi(x) = (1 + erf(x / sqrt 2)) / 2
 *   Mills ratio   M(y) = Phi(-y) / phi(y)
 */

/** phi(x). x = z + rest with 24 bits in z, so z^2 is exact: rounding x^2 would cost a relative error of x^2 / 2 units. */
export function normalDensity(x: number): number {
  if (x > LARGEST || x < -LARGEST) return 0;
  const z = Math.fround(x);
  return INVERSE_ROOT_TWO_PI * exp(-0.5 * z * z) * exp(-0.5 * (x - z) * (x + z));
}

/** Phi(x). */
export function normalCdf(x: number): number {
  if (x > -NEAR_ZERO && x < NEAR_ZERO) return 0.5 + areaFromZero(x);
  return x < 0 ? upperTail(-x) : 1 - upperTail(x);
}

/**
 * The x with Phi(x) = p; minus and plus infinity for 0 and 1, NaN outside. A start good to 3e-3, then two steps of Halley's method, each of
 * which cubes the error. Gaussian numbers come from uniform words by `inverseNormalCdf((word + 0.5) / 2 ** 32)`, which is never infinite.
 */
export function inverseNormalCdf(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  const q = p - 0.5;
  if (q > -0.25 && q < 0.25) return inverseNearZero(q);
  return q < 0 ? inverseLowerTail(p) : -inverseLowerTail(1 - p);
}

/** Beyond it even the smallest double is larger than phi and Phi(-x). */
const LARGEST = 39;
const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
/** Below it Phi - 1/2 is a quick series, and Phi(0) is exactly 1/2. */
const NEAR_ZERO = 0.5;

/** z^k coefficients of (Phi(x) - 1/2) sqrt(2 pi) / x with z = x^2 / 2: (-1)^k / (k! (2k + 1)); the rest is below 1e-17 for |x| < 0.7. */
const SERIES = seriesCoefficients(13);

function seriesCoefficients(count: number): readonly number[] {
  const coefficients: number[] = [];
  let factorial = 1;
  for (let k = 0; k < count; k++) {
    if (k > 0) factorial *= -k;
    coefficients.push(1 / (factorial * (2 * k + 1)));
  }
  return coefficients;
}

/** Phi(x) - 1/2 for |x| < 0.7, with a small relative error. */
function areaFromZero(x: number): number {
  const z = 0.5 * x * x;
  let sum = 0;
  for (let k = SERIES.length - 1; k >= 0; k--) sum = sum * z + SERIES[k];
  return INVERSE_ROOT_TWO_PI * x * sum;
}

/**
 * Chebyshev coefficients of (1 + y) M(y) in t = (y - 5) / (y + 5), which maps y >= 0 to [-1, 1): computed with 50 digits at 80 Chebyshev points;
 * the first one left out is 8e-18. The change of variable is that of Shepherd and Laframboise 1981, Mathematics of Computation 36, p. 249.
 */
const MILLS = [
  1.1579976221305188, -0.1633449388451398, -0.013683136055781576, 0.03082200019810004, -0.016220073012046806, 0.005616691016460094,
  -0.0014133933783549216, 0.0002502625460725661, -2.468907239728387e-5, -1.0107964061837592e-6, 7.495419179740573e-7, -7.600274268728337e-8,
  -1.1574771441328644e-8, 3.333386472599843e-9, 7.538039628171348e-11, -1.1104247263727494e-10, 3.5092437765510592e-12,
  3.6894953861750915e-12, -2.337669777638385e-13, -1.3271797523542475e-13, 9.921706995875397e-15, 5.276004995441423e-15,
  -3.373097694326283e-16, -2.2804338777633165e-16,
];

/** Phi(-y) for y >= NEAR_ZERO: phi(y) M(y), by Clenshaw's recurrence. */
function upperTail(y: number): number {
  if (y > LARGEST) return 0;
  const t = (y - 5) / (y + 5);
  let last = 0;
  let beforeLast = 0;
  for (let k = MILLS.length - 1; k > 0; k--) {
    const next = MILLS[k] + 2 * t * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return (normalDensity(y) * (MILLS[0] + t * last - beforeLast)) / (1 + y);
}

/** Start: the first terms of the inverse series in w = q sqrt(2 pi). */
function inverseNearZero(q: number): number {
  const w = q / INVERSE_ROOT_TWO_PI;
  let x = w * (1 + w * w * (1 / 6 + w * w * (7 / 120)));
  for (let step = 0; step < 2; step++) x = halley(x, areaFromZero(x) - q);
  return x;
}

/** Start: Abramowitz and Stegun 1964, formula 26.2.22. */
function inverseLowerTail(p: number): number {
  const t = Math.sqrt(-2 * log(p));
  let x = (2.30753 + 0.27061 * t) / (1 + t * (0.99229 + 0.04481 * t)) - t;
  for (let step = 0; step < 2; step++) x = halley(x, upperTail(-x) - p);
  return x;
}

/** Phi'' = -x phi. */
function halley(x: number, excess: number): number {
  const newton = excess / normalDensity(x);
  return x - newton / (1 + 0.5 * x * newton);
}
