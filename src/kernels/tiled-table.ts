import { assert } from '../base/index.ts';
import { elementCount, f32Elements, type TensorView } from '../model/index.ts';
import type { GemmCall } from './gemm.ts';
import { matmulSizes } from './naive-table.ts';
import { elements, openEpilogue } from './plain/epilogue.ts';
import { denseRows, gemmSizes } from './plain/gemm.ts';
import { createPlainKernels } from './plain/index.ts';
import { readReals } from './plain/reals.ts';
import { areProductsExact, exactTile, exponentsOf, packPanels, panels, roundedTile, TILE } from './register-tile.ts';
import type { KernelMemory, KernelTable } from './table.ts';

/**
 * Matrix products in TypeScript, register-tiled: the quick oracle. They give the bits of the naive ones (the same sums in the same order), so
 * this table can stand in for the naive one where there is too much to compare. It shares neither packing nor blocking with the SIMD paths.
 */
export function createTiledTable(memory: KernelMemory): KernelTable {
  return {
    ...createPlainKernels(memory),
    path: 'tiled',
    packedElements,
    packRight: (b, packed) => packRight(memory, b, packed),
    scratchElements,
    matmul: (a, packed, c, scratch) => multiply(memory, a, packed, c, scratch),
    gemm: (call) => multiplyCall(memory, call),
  };
}

/** Floats of memory that a double takes. */
const DOUBLE = 2;

/** The panels of b, and two doubles behind them with the exponents of its numbers. */
function packedElements(k: number, n: number): number {
  return DOUBLE * (panels(n) * TILE * k + 2);
}

/** All panels of a. */
function scratchElements(m: number, k: number): number {
  return DOUBLE * panels(m) * TILE * k;
}

function packRight(memory: KernelMemory, b: TensorView, packed: TensorView): void {
  const [k, n] = b.shape;
  assert(elementCount(packed.shape) >= packedElements(k, n), `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
  const target = new Float64Array(memory.buffer, packed.offset, panels(n) * TILE * k + 2);
  const source = readReals(memory, b);
  packPanels(source, target, n, k, 1, n);
  const { least, greatest } = exponentsOf(source);
  target.set([least, greatest], target.length - 2);
}

function multiply(memory: KernelMemory, a: TensorView, packed: TensorView, c: TensorView, scratch: TensorView): void {
  const [m, k, n] = matmulSizes(a, packed, c, packedElements);
  assert(elementCount(scratch.shape) >= scratchElements(m, k), `scratch of ${scratch.shape.join(' x ')} for ${m} x ${k}`);
  const left = new Float64Array(memory.buffer, scratch.offset, panels(m) * TILE * k);
  const right = new Float64Array(memory.buffer, packed.offset, panels(n) * TILE * k + 2);
  const factors = readReals(memory, a);
  packPanels(factors, left, m, k, k, 1);
  const result = f32Elements(memory.buffer, c);
  const [least, greatest] = right.subarray(-2);
  const exact = areProductsExact(exponentsOf(factors), { least, greatest });
  overTiles({ left, right, exact }, m, k, n, null, (row, column, sum) => {
    result[row * n + column] = sum;
  });
}

/** The product of a call. Packed operands are of its own, not in the memory of the table. */
function multiplyCall(memory: KernelMemory, call: GemmCall): void {
  const [m, k, n] = gemmSizes(call);
  const { target, accumulate, epilogue } = call;
  const rows = denseRows(memory, call.left);
  const columns = denseRows(memory, call.right);
  const left = new Float64Array(panels(m) * TILE * k);
  const right = new Float64Array(panels(n) * TILE * k);
  const [leftSteps, rightSteps] = [call.transposeLeft ? [1, m] : [k, 1], call.transposeRight ? [k, 1] : [1, n]];
  packPanels(rows, left, m, k, leftSteps[0], leftSteps[1]);
  packPanels(columns, right, n, k, rightSteps[0], rightSteps[1]);
  const before = accumulate ? elements(memory, target).get : null;
  const exact = areProductsExact(exponentsOf(rows), exponentsOf(columns));
  overTiles({ left, right, exact }, m, k, n, before, openEpilogue(memory, target, epilogue));
}

interface PackedOperands {
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** Whether all products are exact in f32. */
  readonly exact: boolean;
}

/** Hands every sum to `finish`; sums start from what `before` says, or from 0. */
function overTiles(
  { left, right, exact }: PackedOperands,
  m: number,
  k: number,
  n: number,
  before: ((row: number, column: number) => number) | null,
  finish: (row: number, column: number, sum: number) => void,
): void {
  const addProduct = exact ? exactTile : roundedTile;
  const tile = new Float32Array(TILE * TILE);
  for (let column = 0; column < n; column += TILE) {
    for (let row = 0; row < m; row += TILE) {
      const [rows, columns] = [Math.min(TILE, m - row), Math.min(TILE, n - column)];
      tile.fill(0);
      if (before !== null) {
        for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) tile[i * TILE + j] = before(row + i, column + j);
      }
      addProduct(left, row * k, right, column * k, k, tile);
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) finish(row + i, column + j, tile[i * TILE + j]);
    }
  }
}
