import { assert } from '../../base/index.ts';
import { elementCount } from '../../model/index.ts';
import type { GemmCall, GemmKernels, Matrix } from '../gemm.ts';
import { openEpilogue } from '../plain/epilogue.ts';
import { gemmSizes } from '../plain/gemm.ts';
import type { KernelMemory } from '../table.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, f32, i32, local } from './instructions.ts';

/**
 * The matrix product one number at a time: no vectors, no fused operations, none of the packing and blocking of the fast paths, and their epilogues only in
 * TypeScript. It shares nothing with them but the order of the sums, so it is the oracle of runs, where TypeScript alone would be three times slower.
 */
const ROWS = 2;
const COLUMNS = 5;
const FLOAT_BYTES = 4;

/**
 * `scalarProducts(a, b, c, k, cRowBytes, columnBlocks)`: c [2, 5 columnBlocks] = a [2, k] x b [columnBlocks][k][5], all f32; k and columnBlocks are at least 1. Ten
 * sums, two numbers of a, one of b and one product stay in registers.
 */
function scalarFunction(): WasmFunction {
  const [a, b, c, k, rowBytes, blocks] = [0, 1, 2, 3, 4, 5];
  const locals = localsAfter(6);
  const [depth, first, second] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const left = [locals.declare('f32'), locals.declare('f32')];
  const right = locals.declare('f32');
  const sums = left.map(() => Array.from({ length: COLUMNS }, () => locals.declare('f32')));
  const step: Code = [
    local.set(left[0], f32.load(local.get(first))),
    local.set(left[1], f32.load(local.get(second))),
    sums[0].map((_, j) => [
      local.set(right, f32.load(local.get(b), FLOAT_BYTES * j)),
      sums.map((ofRow, i) => local.set(ofRow[j], f32.add(local.get(ofRow[j]), f32.mul(local.get(left[i]), local.get(right))))),
    ]),
    advance(first, i32.const(FLOAT_BYTES)),
    advance(second, i32.const(FLOAT_BYTES)),
    advance(b, i32.const(FLOAT_BYTES * COLUMNS)),
  ];
  const body: Code = countDown(blocks, [
    sums.flat().map((sum) => local.set(sum, f32.const(0))),
    local.set(first, local.get(a)),
    local.set(second, i32.add(local.get(a), i32.mul(local.get(k), i32.const(FLOAT_BYTES)))),
    local.set(depth, local.get(k)),
    countDown(depth, step),
    sums[0].map((sum, j) => f32.store(local.get(c), local.get(sum), FLOAT_BYTES * j)),
    local.set(second, i32.add(local.get(c), local.get(rowBytes))),
    sums[1].map((sum, j) => f32.store(local.get(second), local.get(sum), FLOAT_BYTES * j)),
    advance(c, i32.const(FLOAT_BYTES * COLUMNS)),
  ]);
  return { name: 'scalarProducts', parameters: 6, locals: locals.declared, body };
}

export function scalarFunctions(): WasmFunction[] {
  return [scalarFunction()];
}

interface ScalarExports {
  scalarProducts(a: number, b: number, c: number, k: number, cRowBytes: number, columnBlocks: number): void;
}

/** Floats of either operand, and of sums, that are worked on at a time. */
const PART_ELEMENTS = 1 << 19;

/** The product over the exports of a module with `scalarFunctions`. Sums that go on from a target are left to `plain`. */
export function createScalarGemm(exports: Record<string, unknown>, memory: KernelMemory, plain: GemmKernels): GemmKernels {
  const { scalarProducts } = exports as unknown as ScalarExports;
  return {
    gemmScratchElements: 3 * PART_ELEMENTS,
    gemm(call, scratch) {
      const [m, k, n] = gemmSizes(call);
      const lines = Math.min(Math.floor(PART_ELEMENTS / Math.max(1, k) / 10) * 10, 700);
      if (call.accumulate || m === 0 || k === 0 || n === 0 || lines === 0) {
        plain.gemm(call, scratch);
        return;
      }
      assert(elementCount(scratch.shape) >= 3 * PART_ELEMENTS, `gemm: scratch of ${scratch.shape.join(' x ')}`);
      const [a, b, c] = [0, 1, 2].map((part) => scratch.offset + part * PART_ELEMENTS * FLOAT_BYTES);
      const finish = openEpilogue(memory, call.target, call.epilogue);
      for (let column = 0; column < n; column += lines) {
        const columns = Math.min(lines, n - column);
        const blocks = Math.ceil(columns / COLUMNS);
        copyRight(memory, call, column, columns, k, b);
        for (let row = 0; row < m; row += lines) {
          const rows = Math.min(lines, m - row);
          copyLeft(memory, call, row, rows, k, a);
          const width = blocks * COLUMNS;
          for (let i = 0; i < rows; i += ROWS)
            scalarProducts(a + i * k * FLOAT_BYTES, b, c + i * width * FLOAT_BYTES, k, width * FLOAT_BYTES, blocks);
          const sums = new Float32Array(memory.buffer, c, rows * width);
          for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) finish(row + i, column + j, sums[i * width + j]);
        }
      }
    },
  };
}

/** Rows of op(left), [rows][k] f32; a row that is missing to a pair is what lies there. */
function copyLeft(memory: KernelMemory, { left, transposeLeft }: GemmCall, row: number, rows: number, k: number, target: number): void {
  const { words, shift, line, depth } = bitsOf(memory, left, !transposeLeft);
  const values = new Uint32Array(memory.buffer, target, rows * k);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let l = 0, from = (row + i) * line; l < k; l++, from += depth) values[at++] = words[from] << shift;
  }
}

/** Columns of op(right), [blocks][k][5] f32; columns that do not exist are zero. */
function copyRight(
  memory: KernelMemory,
  { right, transposeRight }: GemmCall,
  column: number,
  columns: number,
  k: number,
  target: number,
): void {
  const { words, shift, line, depth } = bitsOf(memory, right, transposeRight);
  const blocks = Math.ceil(columns / COLUMNS);
  const values = new Uint32Array(memory.buffer, target, blocks * COLUMNS * k);
  for (let block = 0, at = 0; block < blocks; block++) {
    for (let l = 0; l < k; l++) {
      for (let j = block * COLUMNS; j < (block + 1) * COLUMNS; j++) {
        values[at++] = j < columns ? words[(column + j) * line + l * depth] << shift : 0;
      }
    }
  }
}

/** The bits of a matrix, the shift that widens them to f32, and how many elements it is to the next line (row of left, column of right) and the next k. */
function bitsOf({ buffer }: KernelMemory, { offset, rows, columns, stride, dtype }: Matrix, linesAreRows: boolean) {
  const count = (rows - 1) * stride + columns;
  const words = dtype === 'f32' ? new Uint32Array(buffer, offset, count) : new Uint16Array(buffer, offset, count);
  const [line, depth] = linesAreRows ? [stride, 1] : [1, stride];
  return { words, shift: dtype === 'f32' ? 0 : 16, line, depth };
}
