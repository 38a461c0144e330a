import { assert } from '../base/index.ts';
import { elementCount, f32Elements, type TensorView } from '../model/index.ts';
import { naiveMatmul } from './matmul.ts';
import { createPlainKernels } from './plain/index.ts';
import { readReals } from './plain/reals.ts';
import type { KernelMemory, KernelTable } from './table.ts';

/** The oracle as a table: every kernel in its plainest form. Runs on any memory. Copy this one for a new path. */
export function createNaiveTable(memory: KernelMemory): KernelTable {
  return {
    ...createPlainKernels(memory),
    path: 'naive',
    packedElements: (k, n) => k * n,
    packRight(b, packed) {
      const [k, n] = b.shape;
      assert(elementCount(packed.shape) >= k * n, `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
      f32Elements(memory.buffer, packed).set(readReals(memory, b));
    },
    scratchElements: () => 0,
    matmul(a, packed, c) {
      const [m, k, n] = matmulSizes(a, packed, c, (depth, columns) => depth * columns);
      naiveMatmul(readReals(memory, a), f32Elements(memory.buffer, packed), f32Elements(memory.buffer, c), m, k, n);
    },
  };
}

/** Checks the shapes of a matrix product; [M, K, N]. */
export function matmulSizes(
  a: TensorView,
  packed: TensorView,
  c: TensorView,
  packedElements: (k: number, n: number) => number,
): [number, number, number] {
  const [m, k] = a.shape;
  const n = c.shape[1];
  assert(c.shape[0] === m && c.dtype === 'f32', `product of ${m} rows into ${c.dtype} ${c.shape.join(' x ')}`);
  assert(
    packed.dtype === 'f32' && elementCount(packed.shape) >= packedElements(k, n),
    `packed ${packed.shape.join(' x ')} for ${k} x ${n}`,
  );
  return [m, k, n];
}
