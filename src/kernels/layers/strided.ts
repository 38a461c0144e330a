import { bf16Value, roundArrayToBf16 } from '../bf16.ts';
import type { Matrix } from '../gemm.ts';
import type { KernelMemory } from '../table.ts';

/** The bits of a matrix row by row, as they are: 16 bits for bf16, 32 for f32. */
export function bitsOf(memory: KernelMemory, matrix: Matrix): Uint16Array | Uint32Array {
  const { rows, columns, stride, dtype } = matrix;
  const source = bitsIn(memory, matrix);
  const bits = dtype === 'bf16' ? new Uint16Array(rows * columns) : new Uint32Array(rows * columns);
  copyRows(source, stride, bits, columns, rows, columns);
  return bits;
}

/** Narrower rows are copied number by number: a view of each would take longer than its numbers. */
const NARROW = 128;

function copyRows<Bits extends Uint16Array | Uint32Array>(
  source: Bits,
  sourceStride: number,
  target: Bits,
  targetStride: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * sourceStride, row * targetStride];
    if (columns > NARROW) target.set(source.subarray(from, from + columns), to);
    else for (let column = 0; column < columns; column++) target[to + column] = source[from + column];
  }
}

export function putBits(memory: KernelMemory, matrix: Matrix, bits: Uint16Array | Uint32Array): void {
  const { rows, columns, stride } = matrix;
  const target = bitsIn(memory, matrix);
  copyRows(bits, columns, target, stride, rows, columns);
}

export function copyMatrix(memory: KernelMemory, from: Matrix, to: Matrix): void {
  const [source, target] = [bitsIn(memory, from), bitsIn(memory, to)];
  copyRows(source, from.stride, target, to.stride, from.rows, from.columns);
}

/** The numbers of a matrix row by row. */
export function valuesOf(memory: KernelMemory, matrix: Matrix): Float32Array {
  const bits = bitsOf(memory, matrix);
  return bits instanceof Uint32Array ? new Float32Array(bits.buffer) : Float32Array.from(bits, bf16Value);
}

/** Rounds to the dtype of the matrix. */
export function putValues(memory: KernelMemory, matrix: Matrix, values: Float32Array): void {
  if (matrix.dtype === 'f32') {
    putBits(memory, matrix, new Uint32Array(values.buffer, values.byteOffset, values.length));
    return;
  }
  const bits = new Uint16Array(values.length);
  roundArrayToBf16(values, bits);
  putBits(memory, matrix, bits);
}

/** Makes all numbers of a matrix 0. */
export function clearMatrix(memory: KernelMemory, matrix: Matrix): void {
  const { rows, columns, stride } = matrix;
  const bits = bitsIn(memory, matrix);
  for (let row = 0; row < rows; row++) {
    const from = row * stride;
    if (columns > NARROW) bits.fill(0, from, from + columns);
    else for (let at = from; at < from + columns; at++) bits[at] = 0;
  }
}

/** Whether a matrix holds neither NaN nor infinity. */
export function isFiniteMatrix(memory: KernelMemory, matrix: Matrix): boolean {
  return matrix.dtype === 'bf16' ? isFiniteNarrow(memory, matrix) : isFiniteWide(memory, matrix);
}

// One more in an exponent of ones carries into the sign, which is seen without a branch. One loop for each width: one for both would be several times slower.

function isFiniteWide({ buffer }: KernelMemory, { offset, rows, columns, stride }: Matrix): boolean {
  const bits = new Int32Array(buffer, offset, extent(rows, columns, stride));
  let carried = 0;
  for (let row = 0; row < rows; row++) {
    const end = row * stride + columns;
    let at = row * stride;
    for (; at + 4 <= end; at += 4) {
      carried |= ((bits[at] & 0x7f800000) + 0x800000) | ((bits[at + 1] & 0x7f800000) + 0x800000);
      carried |= ((bits[at + 2] & 0x7f800000) + 0x800000) | ((bits[at + 3] & 0x7f800000) + 0x800000);
    }
    for (; at < end; at++) carried |= (bits[at] & 0x7f800000) + 0x800000;
  }
  return carried >= 0;
}

function isFiniteNarrow({ buffer }: KernelMemory, { offset, rows, columns, stride }: Matrix): boolean {
  const bits = new Uint16Array(buffer, offset, extent(rows, columns, stride));
  let carried = 0;
  for (let row = 0; row < rows; row++) {
    const end = row * stride + columns;
    for (let at = row * stride; at < end; at++) carried |= (bits[at] & 0x7f80) + 0x80;
  }
  return (carried & 0x8000) === 0;
}

function bitsIn({ buffer }: KernelMemory, { offset, rows, columns, stride, dtype }: Matrix): Uint16Array | Uint32Array {
  const elements = extent(rows, columns, stride);
  return dtype === 'bf16' ? new Uint16Array(buffer, offset, elements) : new Uint32Array(buffer, offset, elements);
}

function extent(rows: number, columns: number, stride: number): number {
  return rows === 0 ? 0 : (rows - 1) * stride + columns;
}
