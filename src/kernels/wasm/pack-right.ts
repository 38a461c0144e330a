import { assert } from '../../base/index.ts';
import { bf16Elements, elementCount, type TensorView } from '../../model/index.ts';
import type { KernelMemory } from '../table.ts';

/** Packs b [K, N] into panels of `width` columns, [k][width] f32, the last one padded with zero columns. Works on bits, so NaN payloads survive. */
export function packRight(memory: KernelMemory, b: TensorView, packed: TensorView, width: number): void {
  const [k, n] = b.shape;
  const count = Math.ceil(n / width) * width * k;
  assert(elementCount(packed.shape) >= count, `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
  const shift = b.dtype === 'f32' ? 0 : 16;
  const source = b.dtype === 'f32' ? new Uint32Array(memory.buffer, b.offset, k * n) : bf16Elements(memory.buffer, b);
  const target = new Uint32Array(memory.buffer, packed.offset, count);
  let next = 0;
  for (let column = 0; column < n; column += width) {
    const columns = Math.min(n - column, width);
    for (let l = 0; l < k; l++) {
      for (let j = 0; j < columns; j++) target[next + j] = source[l * n + column + j] << shift;
      for (let j = columns; j < width; j++) target[next + j] = 0;
      next += width;
    }
  }
}
