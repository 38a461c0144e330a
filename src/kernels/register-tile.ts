/**
 * The inner part of the quick oracle's products: tiles of 4 x 4 sums that stay in registers while k runs. What limits this code is rounding doubles to f32. When all
 * factors are bf16 and none is of extreme size their products are exact in f32, so the rounding of the product is left out: it would not change a bit.
 */
export const TILE = 4;

/** Panels that hold so many lines. */
export function panels(lines: number): number {
  return Math.ceil(lines / TILE);
}

/**
 * Packs `lines` lines of `k` numbers into panels of 4 lines, [k][4] doubles, padded with zeros. `lineStep` and `depthStep` lead from an element to
 * that of the next line, and of the next k.
 */
export function packPanels(
  source: Float32Array,
  target: Float64Array,
  lines: number,
  k: number,
  lineStep: number,
  depthStep: number,
): void {
  let next = 0;
  for (let first = 0; first < lines; first += TILE) {
    for (let l = 0; l < k; l++) {
      for (let line = first; line < first + TILE; line++) target[next++] = line < lines ? source[line * lineStep + l * depthStep] : 0;
    }
  }
}

/** Between which exponents all factors lie that are not 0. */
export interface Exponents {
  readonly least: number;
  readonly greatest: number;
}

const EXPONENT_BIAS = 127;

/** Of bf16 numbers; NaN where any is not a finite bf16 (8 significant bits). A subnormal one is a multiple of what the least normal exponent stands for. */
export function exponentsOf(values: Float32Array): Exponents {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i] & 0x7fffffff;
    if (magnitude === 0) continue;
    if ((magnitude & 0xffff) !== 0 || magnitude >= 0x7f800000) return { least: Number.NaN, greatest: Number.NaN };
    const exponent = Math.max(1, magnitude >>> 23) - EXPONENT_BIAS;
    if (exponent < least) least = exponent;
    if (exponent > greatest) greatest = exponent;
  }
  return { least, greatest };
}

/** Whether the product of any two such factors is exact in f32: it is a multiple of 2^(sum of exponents - 14), and less than 2^(sum of exponents + 2). */
export function areProductsExact(a: Exponents, b: Exponents): boolean {
  return a.least + b.least >= -149 + 14 && a.greatest + b.greatest <= 126;
}

/** tile [4, 4] += a panel [k][4] x b panel [k][4], each sum in the order of k, for factors whose products are exact in f32. */
export function exactTile(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, k: number, tile: Float32Array): void {
  const fround = Math.fround;
  let s00 = tile[0];
  let s01 = tile[1];
  let s02 = tile[2];
  let s03 = tile[3];
  let s10 = tile[4];
  let s11 = tile[5];
  let s12 = tile[6];
  let s13 = tile[7];
  let s20 = tile[8];
  let s21 = tile[9];
  let s22 = tile[10];
  let s23 = tile[11];
  let s30 = tile[12];
  let s31 = tile[13];
  let s32 = tile[14];
  let s33 = tile[15];
  for (let l = 0, p = aFrom, q = bFrom; l < k; l++, p += 4, q += 4) {
    const b0 = b[q + 0];
    const b1 = b[q + 1];
    const b2 = b[q + 2];
    const b3 = b[q + 3];
    const a0 = a[p + 0];
    s00 = fround(s00 + a0 * b0);
    s01 = fround(s01 + a0 * b1);
    s02 = fround(s02 + a0 * b2);
    s03 = fround(s03 + a0 * b3);
    const a1 = a[p + 1];
    s10 = fround(s10 + a1 * b0);
    s11 = fround(s11 + a1 * b1);
    s12 = fround(s12 + a1 * b2);
    s13 = fround(s13 + a1 * b3);
    const a2 = a[p + 2];
    s20 = fround(s20 + a2 * b0);
    s21 = fround(s21 + a2 * b1);
    s22 = fround(s22 + a2 * b2);
    s23 = fround(s23 + a2 * b3);
    const a3 = a[p + 3];
    s30 = fround(s30 + a3 * b0);
    s31 = fround(s31 + a3 * b1);
    s32 = fround(s32 + a3 * b2);
    s33 = fround(s33 + a3 * b3);
  }
  tile[0] = s00;
  tile[1] = s01;
  tile[2] = s02;
  tile[3] = s03;
  tile[4] = s10;
  tile[5] = s11;
  tile[6] = s12;
  tile[7] = s13;
  tile[8] = s20;
  tile[9] = s21;
  tile[10] = s22;
  tile[11] = s23;
  tile[12] = s30;
  tile[13] = s31;
  tile[14] = s32;
  tile[15] = s33;
}

/** As `exactTile`, for any factors: each product is rounded to f32 first. Plain, because only f32 operands come here, and nobody waits for them. */
export function roundedTile(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, k: number, tile: Float32Array): void {
  for (let i = 0; i < TILE; i++) {
    for (let j = 0; j < TILE; j++) {
      let sum = tile[TILE * i + j];
      for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(a[aFrom + TILE * l + i] * b[bFrom + TILE * l + j]));
      tile[TILE * i + j] = sum;
    }
  }
}
