/**
 * exp, log, tanh, GELU and 1 / sqrt from + - * /, the square root and exact scaling alone, in double arithmetic: IEEE 754 fixes every one of
 * these operations, so the bits are the same in every engine, which the language does not promise for Math.exp, Math.log and Math.tanh
 * (ECMA-262 section 21.3.2).
 * Relative error bounds, held by tests against 220-bit arithmetic over all normal results: exp 2e-16, log 2e-16, tanh 3e-16, rsqrt 2.3e-16.
 */

/** ln 2 in two parts: the first has 21 trailing zero bits, so whole multiples of it are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const SMALLEST_EXPONENT = -1074;
const LARGEST_EXPONENT = 1023;
/** POWER_OF_TWO[n - SMALLEST_EXPONENT] = 2^n. */
const POWER_OF_TWO = powersOfTwo();

/** Largest x with a finite exp(x). */
const EXP_OVERFLOW = 709.782712893384;
/** Below this exp(x) rounds to 0. */
const EXP_UNDERFLOW = -745.1332191019411;

/** e^x: x = n ln 2 + r with |r| <= ln(2) / 2, then the Taylor polynomial of degree 13 (its remainder is below 5e-18) times 2^n. */
export function exp(x: number): number {
  if (!(x <= EXP_OVERFLOW)) return x > EXP_OVERFLOW ? Number.POSITIVE_INFINITY : x;
  if (x < EXP_UNDERFLOW) return 0;
  const n = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  // Estrin's grouping by r^4: the groups do not wait for each other, which is twice as quick as Horner's nesting.
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = 1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120));
  const middle = 1 / 720 + r * (1 / 5040) + r2 * (1 / 40320 + r * (1 / 362880));
  const high = 1 / 3628800 + r * (1 / 39916800) + r2 * (1 / 479001600 + r * (1 / 6227020800));
  const p = (low + r4 * (middle + r4 * high)) * r2 + r + 1;
  if (n > LARGEST_EXPONENT) return p * 2 * POWER_OF_TWO[n - 1 - SMALLEST_EXPONENT];
  // A result between half of the smallest double and that double rounds up or down to one of the two.
  if (n < SMALLEST_EXPONENT) return p * 0.5 * POWER_OF_TWO[0];
  return p * POWER_OF_TWO[n - SMALLEST_EXPONENT];
}

const words = new DataView(new ArrayBuffer(8));
const TWO_TO_54 = 2 ** 54;

/** ln x: x = 2^e m with m in [sqrt(1/2), sqrt(2)], then ln m = 2 artanh(s), s = (m - 1) / (m + 1), by its series up to s^21. */
export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let exponent = -1023;
  let normal = x;
  if (x < 2.2250738585072014e-308) {
    normal = x * TWO_TO_54;
    exponent -= 54;
  }
  words.setFloat64(0, normal);
  const high = words.getUint32(0);
  exponent += high >>> 20;
  words.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let m = words.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s;
  let p = 1 / 21;
  p = p * z + 1 / 19;
  p = p * z + 1 / 17;
  p = p * z + 1 / 15;
  p = p * z + 1 / 13;
  p = p * z + 1 / 11;
  p = p * z + 1 / 9;
  p = p * z + 1 / 7;
  p = p * z + 1 / 5;
  p = p * z + 1 / 3;
  // 2 s = f - s f, and f is exact: written so, the leading term carries no rounding error of the division.
  const tail = s * (f - 2 * p * z);
  return exponent * LN2_HIGH + (f - (tail - exponent * LN2_LOW));
}

/** tanh x: near 0 Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), elsewhere 1 - 2 / (e^2x + 1). */
export function tanh(x: number): number {
  const magnitude = x < 0 ? -x : x;
  if (magnitude < 0.625) {
    const z = x * x;
    let denominator = 17;
    for (let odd = 15; odd > 0; odd -= 2) denominator = odd + z / denominator;
    return x / denominator;
  }
  if (magnitude > 22) return x < 0 ? -1 : 1;
  if (!(magnitude <= 22)) return x;
  const value = 1 - 2 / (exp(2 * magnitude) + 1);
  return x < 0 ? -value : value;
}

/**
 * 1 / sqrt(x). Root and quotient are each rounded correctly (IEEE 754 section 5.4.1), so the relative error is at most 2^-52, the result within
 * 1.5 units of its last place, and fround of it within 0.51 units of the f32.
 */
export function rsqrt(x: number): number {
  return 1 / Math.sqrt(x);
}

/** sqrt(2 / pi) */
export const GELU_SCALE = 0.7978845608028654;
export const GELU_CUBE = 0.044715;

/**
 * GELU in its tanh form, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2),
 * computed as x / (1 + e^-2u), which is the same function and does not cancel for negative x. Relative error below 5e-16 max(1, -2u): far below 0 it
 * is e^2u, which passes on the rounding of 2u.
 */
export function gelu(x: number): number {
  const u = GELU_SCALE * (x + GELU_CUBE * x * x * x);
  return x / (1 + exp(-2 * u));
}

function powersOfTwo(): Float64Array {
  const table = new Float64Array(LARGEST_EXPONENT - SMALLEST_EXPONENT + 1);
  table[-SMALLEST_EXPONENT] = 1;
  for (let n = 1; n <= LARGEST_EXPONENT; n++) table[n - SMALLEST_EXPONENT] = table[n - 1 - SMALLEST_EXPONENT] * 2;
  for (let n = -1; n >= SMALLEST_EXPONENT; n--) table[n - SMALLEST_EXPONENT] = table[n + 1 - SMALLEST_EXPONENT] / 2;
  return table;
}
