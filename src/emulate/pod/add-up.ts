import { roundArrayToBf16, widenBf16 } from '../../kernels/index.ts';
import type { Dtype } from '../../model/index.ts';
import type { Elements } from './elements.ts';

/** So many sums at once: they stay in the first-level cache. */
const BLOCK = 2048;
const sums = new Float32Array(BLOCK);
const wide = new Float32Array(BLOCK);

/** target = the sum of the parts in their order, in f32, each of so many elements at its offset; one of them may be the target itself. */
export function addUp(elements: Elements, dtype: Dtype, parts: readonly number[], target: number, count: number): void {
  for (let from = 0; from < count; from += BLOCK) {
    const length = Math.min(BLOCK, count - from);
    if (dtype === 'f32') {
      sumWide(elements.floats, parts, from, length);
      elements.floats.set(length === BLOCK ? sums : sums.subarray(0, length), target / 4 + from);
    } else {
      sumNarrow(elements.halves, parts, from, length);
      const at = target / 2 + from;
      roundArrayToBf16(sums.subarray(0, length), elements.halves.subarray(at, at + length));
    }
  }
}

/** Four parts in one pass: sums are loaded and stored a quarter as often. Each addition is rounded to f32. */
function sumWide(floats: Float32Array, parts: readonly number[], from: number, length: number): void {
  const fround = Math.fround;
  const first = (parts[0] >>> 2) + from;
  for (let i = 0; i < length; i++) sums[i] = floats[first + i];
  let next = 1;
  for (; next + 4 <= parts.length; next += 4) {
    const a = (parts[next] >>> 2) + from;
    const b = (parts[next + 1] >>> 2) + from;
    const c = (parts[next + 2] >>> 2) + from;
    const d = (parts[next + 3] >>> 2) + from;
    for (let i = 0; i < length; i++) {
      sums[i] = fround(fround(fround(fround(sums[i] + floats[a + i]) + floats[b + i]) + floats[c + i]) + floats[d + i]);
    }
  }
  for (; next < parts.length; next++) {
    const a = (parts[next] >>> 2) + from;
    for (let i = 0; i < length; i++) sums[i] = fround(sums[i] + floats[a + i]);
  }
}

function sumNarrow(halves: Uint16Array, parts: readonly number[], from: number, length: number): void {
  const block = wide.subarray(0, length);
  for (const [index, part] of parts.entries()) {
    const at = part / 2 + from;
    widenBf16(halves.subarray(at, at + length), block);
    if (index === 0) sums.set(block);
    else for (let i = 0; i < length; i++) sums[i] = Math.fround(sums[i] + block[i]);
  }
}
