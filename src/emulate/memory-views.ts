import { type ArenaPlan, elementCount } from '../model/index.ts';

/** Counters and sums in the arena beside its tensors: a window of 32-bit integers or of doubles. */
export interface CountView {
  readonly offset: number;
  readonly shape: readonly number[];
}

export interface SumView {
  readonly offset: number;
  readonly shape: readonly number[];
}

const INTS_PER_DOUBLE = 2;

export function allocateCounts(arena: ArenaPlan, shape: readonly number[]): CountView {
  return { offset: arena.allocate(shape, 'f32').offset, shape };
}

export function allocateSums(arena: ArenaPlan, shape: readonly number[]): SumView {
  return { offset: arena.allocate([...shape, INTS_PER_DOUBLE], 'f32').offset, shape };
}

export function counts(buffer: ArrayBufferLike, view: CountView): Int32Array {
  return new Int32Array(buffer, view.offset, elementCount(view.shape));
}

export function sums(buffer: ArrayBufferLike, view: SumView): Float64Array {
  return new Float64Array(buffer, view.offset, elementCount(view.shape));
}
