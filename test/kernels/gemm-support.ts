import { createKernelMemory, type GemmCall, type GemmKernels, type KernelTable, type Matrix } from '../../src/kernels/index.ts';
import { type ArenaPlan, BYTES_PER_ELEMENT, type Dtype, planArena } from '../../src/model/index.ts';
import { allTables, fillTensor } from './paths.ts';
import { draws } from './support.ts';

/** Products need more scratch than other kernels. */
export const gemmMemory = createKernelMemory(48 << 20);
export const gemmTables = allTables(gemmMemory);

/** A matrix inside a block of memory that is otherwise a pattern. */
export interface Placed {
  readonly matrix: Matrix;
  /** Values as they are in memory, row by row; all NaN count as one, because the language leaves their payload open. */
  bits(): Uint32Array;
  /** What the block holds outside the matrix, for comparing. */
  surroundings(): Uint8Array;
}

const MARGIN = 64;
const PATTERN = 0x5a;

/** Whether the next matrix ends with the memory; about one in five, and one of an arena at most. */
const turn = draws(1);
const ended = new WeakSet<ArenaPlan>();

/**
 * Lays a matrix down with `gap` elements between its rows, and fills it. Now and then it ends with the memory, so that whoever reads on meets a trap, and its address is as odd
 * as its dtype allows.
 */
export function place(
  arena: ArenaPlan,
  rows: number,
  columns: number,
  dtype: Dtype,
  gap: number,
  valueAt: (index: number) => number,
): Placed {
  const element = BYTES_PER_ELEMENT[dtype];
  const stride = columns + gap;
  const isLast = turn() > 0.6 && rows > 0 && !ended.has(arena);
  if (isLast) ended.add(arena);
  const bytes = MARGIN + (isLast ? rows * stride * element - gap * element : rows * stride * element + MARGIN);
  const start = isLast ? gemmMemory.buffer.byteLength - bytes : arena.allocate([Math.ceil(bytes / 4)], 'f32').offset;
  const matrix: Matrix = { offset: start + MARGIN, rows, columns, stride, dtype };
  const block = new Uint8Array(gemmMemory.buffer, start, bytes).fill(PATTERN);
  const rowOffset = (row: number): number => matrix.offset + row * stride * element;
  for (let row = 0; row < rows; row++)
    fillTensor(gemmMemory, { offset: rowOffset(row), shape: [columns], dtype }, (i) => valueAt(row * columns + i));
  return {
    matrix,
    bits() {
      const all = new Uint32Array(rows * columns);
      for (let row = 0; row < rows; row++) all.set(rowBits(rowOffset(row), columns, dtype), row * columns);
      return all;
    },
    surroundings() {
      const copy = block.slice();
      for (let row = 0; row < rows; row++) {
        const from = rowOffset(row) - start;
        copy.fill(PATTERN, from, from + columns * element);
      }
      return copy;
    },
  };
}

function rowBits(offset: number, columns: number, dtype: Dtype): Uint32Array {
  if (dtype === 'f32') return Uint32Array.from(new Uint32Array(gemmMemory.buffer, offset, columns), quiet);
  return Uint32Array.from(new Uint16Array(gemmMemory.buffer, offset, columns), (bits) => quiet(bits << 16) >>> 16);
}

function quiet(bits: number): number {
  return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits >>> 0;
}

/** A call, and everything in memory that it may write or must not. */
export interface PlacedCall {
  readonly call: GemmCall;
  readonly outputs: readonly Placed[];
  readonly inputs: readonly Placed[];
}

/**
 * Lays a call down from the start of memory and runs it on a table: the bits of its outputs, of its inputs (which must not have changed) and of what lies around
 * them. All scratch is NaN before.
 */
export function runPlaced(table: KernelTable, lay: (arena: ArenaPlan) => PlacedCall): Uint32Array[] {
  return runOn(table, table.path, lay);
}

export function runOn(kernels: GemmKernels, path: string, lay: (arena: ArenaPlan) => PlacedCall): Uint32Array[] {
  const arena = planArena(64);
  const { call, outputs, inputs } = lay(arena);
  const scratch = arena.allocate([kernels.gemmScratchElements], 'f32');
  new Float32Array(gemmMemory.buffer, scratch.offset, kernels.gemmScratchElements).fill(Number.NaN);
  const behind = new Uint8Array(gemmMemory.buffer, scratch.offset + kernels.gemmScratchElements * 4, MARGIN).fill(PATTERN);
  const before = inputs.map((input) => input.bits());
  kernels.gemm(call, scratch);
  const untouched = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === PATTERN);
  if (![...outputs, ...inputs].every((placed) => untouched(placed.surroundings())) || !untouched(behind))
    throw new Error(`${path} wrote outside its matrices`);
  inputs.forEach((input, i) => {
    if (input.bits().some((bits, at) => bits !== before[i][at])) throw new Error(`${path} changed an operand`);
  });
  return outputs.map((output) => output.bits());
}

/** Throws where two runs differ, with the place; for much data quicker than a deep comparison. */
export function expectSame(own: readonly Uint32Array[], expected: readonly Uint32Array[], path: string): void {
  if (own.length !== expected.length) throw new Error(`${path}: ${own.length} outputs instead of ${expected.length}`);
  expected.forEach((bits, output) => {
    const at = bits.findIndex((word, i) => own[output][i] !== word);
    if (at >= 0 || own[output].length !== bits.length)
      throw new Error(
        `${path}: element ${at} of output ${output} is ${own[output][at]?.toString(16)} instead of ${bits[at]?.toString(16)}`,
      );
  });
}
