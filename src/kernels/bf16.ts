/**
 * bf16, the upper half of an IEEE f32: 1 sign, 8 exponent and 7 fraction bits.
 * Rounding is to nearest, ties to even; NaN stays NaN (made quiet, sign kept), overflow gives infinity, subnormals are kept
 * (Google, "BFloat16: the secret to high performance on Cloud TPUs", 2019-08-23; the same rule as jax-ml/ml_dtypes).
 */

const f32 = new Float32Array(1);
const f32Bits = new Uint32Array(f32.buffer);

/** The rule itself: the 32 bits of an f32 to the 16 bits of the nearest bf16. */
export function bf16FromF32Bits(bits: number): number {
  const notANumber = (bits & 0x7fffffff) > 0x7f800000;
  if (notANumber) return (bits >>> 16) | 0x40;
  const lowestKeptBit = (bits >>> 16) & 1;
  // The largest bits that are no NaN are those of -infinity, so the 32-bit sum cannot wrap.
  return ((bits + 0x7fff + lowestKeptBit) | 0) >>> 16;
}

/** Bits of the bf16 nearest to fround(value). */
export function bf16Bits(value: number): number {
  f32[0] = value;
  return bf16FromF32Bits(f32Bits[0]);
}

/** The number that 16 bits stand for; exact. */
export function bf16Value(bits: number): number {
  f32Bits[0] = bits << 16;
  return f32[0];
}

/** fround(value) rounded to bf16, as a number. */
export function roundToBf16(value: number): number {
  return bf16Value(bf16Bits(value));
}

/** target[i] = bits of bf16(source[i]); the arrays have equal length. */
export function roundArrayToBf16(source: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) target[i] = bf16FromF32Bits(bits[i]);
}

/** Every value becomes the nearest bf16. */
export function roundInPlaceToBf16(values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bf16FromF32Bits(bits[i]) << 16;
}

/** target[i] = value of the bf16 bits source[i]; exact; the arrays have equal length. */
export function widenBf16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i] << 16;
}
