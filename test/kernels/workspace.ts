import { expect } from 'vitest';
import { BF16, bf16Bits, bf16Value, F32, type KernelTable, type Numerics } from '../../src/kernels/index.ts';
import {
  BYTES_PER_ELEMENT,
  bf16Elements,
  byteLength,
  type Dtype,
  elementCount,
  f32Elements,
  planArena,
  type TensorView,
} from '../../src/model/index.ts';
import { draws, memory } from './support.ts';

export const NUMERICS: Readonly<Record<Dtype, Numerics>> = { f32: F32, bf16: BF16 };

const CANARY = 0x5a;
const GAP = 64;

/** Whether the next tensor ends with the memory; about one in five. */
const turn = draws(1);

/**
 * Tensors one behind the other, between bytes that nobody may touch. Now and then one ends with the memory instead, so that whoever reads on meets a trap, and its address is
 * as odd as its dtype allows.
 */
export function openWorkspace() {
  const arena = planArena(64);
  let isEndFree = true;
  const gaps: Uint8Array[] = [];
  const guard = (from: number, to: number): void => {
    gaps.push(new Uint8Array(memory.buffer, from, to - from).fill(CANARY));
  };
  const place = (shape: readonly number[], dtype: Dtype): TensorView => {
    if (turn() > 0.6 && isEndFree) {
      const view: TensorView = { offset: memory.buffer.byteLength - elementCount(shape) * BYTES_PER_ELEMENT[dtype], shape, dtype };
      guard(view.offset - GAP, view.offset);
      isEndFree = false;
      return view;
    }
    const before = arena.allocate([GAP], 'bf16');
    const view = arena.allocate(shape, dtype);
    const behind = arena.allocate([GAP], 'bf16');
    guard(before.offset, view.offset);
    guard(view.offset + byteLength(view), behind.offset + GAP);
    return view;
  };
  return {
    tensor(shape: readonly number[], dtype: Dtype, values: ArrayLike<number> | number): TensorView {
      const view = place(shape, dtype);
      const all = typeof values === 'number' ? new Float32Array(elementCount(shape)).fill(values) : values;
      if (dtype === 'f32') f32Elements(memory.buffer, view).set(all);
      else bf16Elements(memory.buffer, view).set(Array.from(all, bf16Bits));
      return view;
    },
    int32(numbers: ArrayLike<number>): number {
      const { offset } = place([numbers.length], 'f32');
      new Int32Array(memory.buffer, offset, numbers.length).set(numbers);
      return offset;
    },
    expectUntouched({ path }: KernelTable): void {
      expect(
        gaps.every((gap) => gap.every((byte) => byte === CANARY)),
        `${path} wrote outside its tensors`,
      ).toBe(true);
    },
  };
}

/** The values as an array, for toEqual: it tells 0 from -0, and takes every NaN for the same. */
export function valuesOf(view: TensorView): number[] {
  if (view.dtype === 'f32') return Array.from(f32Elements(memory.buffer, view));
  return Array.from(bf16Elements(memory.buffer, view), bf16Value);
}

const { NEGATIVE_INFINITY, NaN: notANumber, POSITIVE_INFINITY } = Number;
/** Both zeros, infinities, subnormal, huge and equal numbers, NaN. */
export const SPECIAL = [0, -0, 1, 1, -1, 1e-45, -1e-40, 3e38, -3e38, NEGATIVE_INFINITY, POSITIVE_INFINITY, notANumber];

/** Numbers in (-scale, scale) as a tensor of the dtype holds them; about one in `every` of them is one of `special`. */
export function drawValues(seed: number, count: number, dtype: Dtype, scale = 1, special: readonly number[] = [], every = 4): Float32Array {
  const next = draws(seed);
  for (let i = 0; i < 4; i++) next();
  return Float32Array.from({ length: count }, () => {
    const choice = Math.floor((next() + 1) * 0.5 * every * special.length);
    return NUMERICS[dtype].store(choice < special.length ? special[choice] : next() * scale);
  });
}
