/**
 * sin and cos from + - * / alone, in double arithmetic, with the same bits in every engine (see elementary.ts).
 * For |x| <= 1,647,099 the relative error is below 1.3e-16, 0.6 of a unit in the last place, next to multiples of pi too (held by tests against 220-bit
 * arithmetic); larger arguments are refused.
 */

/** pi / 2 in three parts; the first two have 33 bits, so multiples of them by whole numbers below 2^20 are exact. */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;
const TWO_OVER_PI = 0.6366197723675814;
/** 2^20 - 1 multiples of pi / 2. */
const LARGEST_ANGLE = 1647099;

export function sin(x: number): number {
  // The sum of the series would lose the sign of zero.
  if (x === 0) return x;
  const quarter = reduce('sin', x);
  if (quarter === 0) return sineNearZero();
  if (quarter === 1) return cosineNearZero();
  return quarter === 2 ? -sineNearZero() : -cosineNearZero();
}

export function cos(x: number): number {
  const quarter = reduce('cos', x);
  if (quarter === 0) return cosineNearZero();
  if (quarter === 1) return -sineNearZero();
  return quarter === 2 ? -cosineNearZero() : sineNearZero();
}

/** What is left of the last reduced argument, |angle| <= pi / 4, and the rounding error that `angle` carries. */
let angle = 0;
let angleError = 0;

/** x = n pi/2 + angle + angleError; returns n modulo 4. */
function reduce(fn: string, x: number): number {
  if (Math.abs(x) > LARGEST_ANGLE && Number.isFinite(x)) throw new RangeError(`${fn}: x must be within +-${LARGEST_ANGLE}, is ${x}`);
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  if (n === 0) {
    angle = x;
    angleError = 0;
    return 0;
  }
  const first = x - n * HALF_PI[0];
  const second = n * HALF_PI[1];
  // The error of a difference, exactly (Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B).
  const difference = first - second;
  const part = difference - first;
  const lost = first - (difference - part) - (second + part);
  const rest = n * HALF_PI[2] - lost;
  angle = difference - rest;
  angleError = difference - angle - rest;
  return n & 3;
}

/** Taylor series up to r^17, whose remainder is below 1e-19 r; sin(r + e) = sin r + e cos r. */
function sineNearZero(): number {
  const r = angle;
  const z = r * r;
  let p = 1 / 355687428096000;
  p = p * z - 1 / 1307674368000;
  p = p * z + 1 / 6227020800;
  p = p * z - 1 / 39916800;
  p = p * z + 1 / 362880;
  p = p * z - 1 / 5040;
  p = p * z + 1 / 120;
  p = p * z - 1 / 6;
  return r + (r * z * p + angleError * (1 - z / 2));
}

/** Taylor series up to r^18, whose remainder is below 4e-21; cos(r + e) = cos r - e sin r. */
function cosineNearZero(): number {
  const z = angle * angle;
  let p = -1 / 6402373705728000;
  p = p * z + 1 / 20922789888000;
  p = p * z - 1 / 87178291200;
  p = p * z + 1 / 479001600;
  p = p * z - 1 / 3628800;
  p = p * z + 1 / 40320;
  p = p * z - 1 / 720;
  p = p * z + 1 / 24;
  // 1 - z/2 is rounded; what it loses is added back with the small terms.
  const half = z / 2;
  const high = 1 - half;
  return high + (1 - high - half + (z * z * p - angle * angleError));
}
