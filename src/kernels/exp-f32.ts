/**
 * e^x in f32 arithmetic for x <= 0, the range that a softmax needs. Every operation is rounded to f32, in the order in which the SIMD path does
 * them, so both give the same bits; where the exact result is an f32 already (n, n times ln2High, the scaling), the rounding is left out.
 * Relative error below 1.5e-7 where the result is a normal number (held by a test).
 */
export const EXP_F32 = {
  log2E: Math.fround(Math.LOG2E),
  /** Adding and subtracting 1.5 x 2^23 rounds |t| < 2^22 to the nearest whole number, and leaves it in the low bits. */
  roundingShift: 12582912,
  /** ln 2 in two parts: the first has 9 significant bits, so whole multiples of it are exact. */
  ln2High: 0.693359375,
  ln2Low: Math.fround(-2.1219444005469057e-4),
  /**
   * e^r ~ 1 + r + r^2 (c[0] + c[1] r + ... + c[4] r^4) on |r| <= ln(2) / 2: fitted for the least largest relative error (Lawson's reweighted
   * least squares), which is 3.1e-9 before rounding.
   */
  coefficients: [0.4999999403953552, 0.1666652113199234, 0.04166838526725769, 0.008368714712560177, 0.0013814651174470782],
  /** Below this the result counts as 0; e^-87 is still a normal f32. */
  underflow: -87,
} as const;

const { log2E, roundingShift, ln2High, ln2Low, coefficients, underflow } = EXP_F32;
const [c0, c1, c2, c3, c4] = coefficients;

/** SCALE[-n] = 2^n. */
const SCALE = new Float32Array(127);
SCALE[0] = 1;
for (let n = 1; n < SCALE.length; n++) SCALE[n] = SCALE[n - 1] / 2;

/** x is an f32 <= 0, or NaN, which stays NaN. */
export function expF32(x: number): number {
  const fround = Math.fround;
  if (x < underflow) return 0;
  const n = fround(fround(x * log2E) + roundingShift) - roundingShift;
  const r = fround(fround(x - n * ln2High) - fround(n * ln2Low));
  const r2 = fround(r * r);
  const low = fround(fround(c1 * r) + c0);
  const high = fround(fround(fround(c3 * r) + c2) + fround(c4 * r2));
  const p = fround(fround(fround(fround(high * r2) + low) * r2) + fround(r + 1));
  return p * SCALE[-n | 0];
}
