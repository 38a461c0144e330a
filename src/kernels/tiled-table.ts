import { assert } from '../base/index.ts';
import { elementCount, f32Elements, type TensorView } from '../model/index.ts';
import { matmulSizes, widened } from './naive-table.ts';
import { createPlainKernels } from './plain/index.ts';
import type { KernelMemory, KernelTable } from './table.ts';

/**
 * The matrix product in TypeScript, register-tiled: the quick oracle. It gives the bits of `naiveMatmul` (the same sums in the same order), so
 * it can stand in for it where there is too much to compare.
 *
 * a is packed in panels of 4 rows, [k][4]; b in panels of 4 columns, [k][4]; both as doubles, padded with zeros. Sixteen sums stay in registers.
 * What limits this code is rounding doubles to f32. When all factors are bf16 of moderate size their products are exact in f32, so the
 * rounding of the product is left out: it would not change a bit.
 */
export function createTiledTable(memory: KernelMemory): KernelTable {
  return {
    ...createPlainKernels(memory),
    path: 'tiled',
    packedElements,
    packRight: (b, packed) => packRight(memory, b, packed),
    scratchElements,
    matmul: (a, packed, c, scratch) => multiply(memory, a, packed, c, scratch),
  };
}

const TILE = 4;
/** Floats of memory that a double takes. */
const DOUBLE = 2;

function panels(count: number): number {
  return Math.ceil(count / TILE);
}

/** The panels of b, and one double behind them that tells whether `exactFactors` held. */
function packedElements(k: number, n: number): number {
  return DOUBLE * (panels(n) * TILE * k + 1);
}

/** All panels of a. */
function scratchElements(m: number, k: number): number {
  return DOUBLE * panels(m) * TILE * k;
}

function packRight(memory: KernelMemory, b: TensorView, packed: TensorView): void {
  const [k, n] = b.shape;
  assert(elementCount(packed.shape) >= packedElements(k, n), `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
  const target = new Float64Array(memory.buffer, packed.offset, panels(n) * TILE * k + 1);
  const source = widened(memory, b);
  let next = 0;
  for (let column = 0; column < n; column += TILE) {
    for (let l = 0; l < k; l++) {
      for (let j = column; j < column + TILE; j++) target[next++] = j < n ? source[l * n + j] : 0;
    }
  }
  target[next] = exactFactors(source) ? 1 : 0;
}

function multiply(memory: KernelMemory, a: TensorView, packed: TensorView, c: TensorView, scratch: TensorView): void {
  const [m, k, n] = matmulSizes(a, packed, c, packedElements);
  assert(elementCount(scratch.shape) >= scratchElements(m, k), `scratch of ${scratch.shape.join(' x ')} for ${m} x ${k}`);
  const left = new Float64Array(memory.buffer, scratch.offset, panels(m) * TILE * k);
  const right = new Float64Array(memory.buffer, packed.offset, panels(n) * TILE * k + 1);
  const result = f32Elements(memory.buffer, c);
  const factors = widened(memory, a);
  packLeft(factors, left, m, k);
  const tileProduct = right[right.length - 1] === 1 && exactFactors(factors) ? exactTile : roundedTile;
  const tile = new Float32Array(TILE * TILE);
  for (let column = 0; column < n; column += TILE) {
    for (let row = 0; row < m; row += TILE) {
      tileProduct(left, row * k, right, column * k, k, tile);
      const columns = Math.min(TILE, n - column);
      for (let i = 0; i < TILE && row + i < m; i++) {
        for (let j = 0; j < columns; j++) result[(row + i) * n + column + j] = tile[i * TILE + j];
      }
    }
  }
}

function packLeft(source: Float32Array, target: Float64Array, m: number, k: number): void {
  let next = 0;
  for (let row = 0; row < m; row += TILE) {
    for (let l = 0; l < k; l++) {
      for (let i = row; i < row + TILE; i++) target[next++] = i < m ? source[i * k + l] : 0;
    }
  }
}

/** Biased exponents of 2^-60 and 2^59: factors between them have products that neither underflow nor overflow an f32. */
const LEAST_EXPONENT = 127 - 60;
const GREATEST_EXPONENT = 127 + 59;

/** Whether the product of any two such numbers is exact in f32: each is 0, or a bf16 (8 significant bits) of moderate size. */
function exactFactors(values: Float32Array): boolean {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & 0xffff) !== 0) return false;
    const exponent = (bits[i] >>> 23) & 0xff;
    if ((bits[i] & 0x7fffffff) !== 0 && (exponent < LEAST_EXPONENT || exponent > GREATEST_EXPONENT)) return false;
  }
  return true;
}

/** tile [4, 4] = a panel [k][4] x b panel [k][4] for factors whose products are exact in f32. */
function exactTile(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, k: number, tile: Float32Array): void {
  const fround = Math.fround;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
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
function roundedTile(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, k: number, tile: Float32Array): void {
  for (let i = 0; i < TILE; i++) {
    for (let j = 0; j < TILE; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(a[aFrom + TILE * l + i] * b[bFrom + TILE * l + j]));
      tile[TILE * i + j] = sum;
    }
  }
}
