import { assert, type Bytes } from '../base/index.ts';
import { elementCount, type TensorView } from '../model/index.ts';
import type { KernelMemory } from './table.ts';

/** What every path of the moves checks first. A row that does not exist would be read from, or written to, another tensor. */
export interface MoveSizes {
  /** Of the target, or of the batch. */
  readonly rows: number;
  /** D */
  readonly width: number;
}

export function gatherSizes(memory: KernelMemory, source: TensorView, rows: Bytes, target: TensorView): MoveSizes {
  const sizes = sizesOf(target);
  expectRows('gatherRows', source, target);
  expectNumbers(memory, 'gatherRows', rows, sizes.rows, -1, sizesOf(source).rows);
  return sizes;
}

export function combineSizes(memory: KernelMemory, source: TensorView, starts: Bytes, rows: Bytes, target: TensorView): MoveSizes {
  const sizes = sizesOf(target);
  expectRows('combineRows', source, target);
  const first = new Int32Array(memory.buffer, starts, sizes.rows + 1);
  for (let s = 0; s < sizes.rows; s++) {
    assert(first[s] >= 0 && first[s] <= first[s + 1], `combineRows: entries ${first[s]} to ${first[s + 1]} of row ${s}`);
  }
  const entries = first[sizes.rows] - first[0];
  expectNumbers(memory, 'combineRows', rows + first[0] * INT32_BYTES, entries, 0, sizesOf(source).rows);
  return sizes;
}

export function combineBackwardSizes(
  memory: KernelMemory,
  source: TensorView,
  dTarget: TensorView,
  tokens: Bytes,
  dSource: TensorView,
): MoveSizes {
  const sizes = sizesOf(source);
  expectRows('combineRowsBackward', source, dSource);
  expectRows('combineRowsBackward', dTarget, dSource);
  assert(sizesOf(dSource).rows === sizes.rows, `combineRowsBackward: gradient of ${sizesOf(dSource).rows} rows for ${sizes.rows}`);
  expectNumbers(memory, 'combineRowsBackward', tokens, sizes.rows, -1, sizesOf(dTarget).rows);
  return sizes;
}

export function scatterSizes(memory: KernelMemory, source: TensorView, rows: Bytes, target: TensorView): MoveSizes {
  const sizes = sizesOf(source);
  assert(target.dtype === 'f32', `scatterAddRows adds in f32, not in ${target.dtype}`);
  expectWidth('scatterAddRows', source, target);
  expectNumbers(memory, 'scatterAddRows', rows, sizes.rows, 0, sizesOf(target).rows);
  return sizes;
}

/** Number of elements. */
export function convertSizes(source: TensorView, target: TensorView): number {
  const elements = elementCount(target.shape);
  assert(elementCount(source.shape) === elements, `convert: ${elementCount(source.shape)} elements into ${elements}`);
  return elements;
}

const INT32_BYTES = 4;

function sizesOf({ shape }: TensorView): MoveSizes {
  const width = shape[shape.length - 1];
  return { rows: elementCount(shape.slice(0, -1)), width };
}

function expectRows(fn: string, source: TensorView, target: TensorView): void {
  assert(source.dtype === target.dtype, `${fn}: rows of ${source.dtype} into rows of ${target.dtype}`);
  expectWidth(fn, source, target);
}

function expectWidth(fn: string, source: TensorView, target: TensorView): void {
  const [from, to] = [sizesOf(source).width, sizesOf(target).width];
  assert(from === to && to > 0, `${fn}: rows of ${from} elements into rows of ${to}`);
}

/** Refuses a list with a number that is not in [least, below). */
function expectNumbers({ buffer }: KernelMemory, fn: string, list: Bytes, count: number, least: number, below: number): void {
  const numbers = new Int32Array(buffer, list, count);
  for (let i = 0; i < count; i++)
    if (numbers[i] < least || numbers[i] >= below) assert(false, `${fn}: row ${numbers[i]} of ${below} at ${i}`);
}
