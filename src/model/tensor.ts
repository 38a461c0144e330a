import type { Bytes } from '../base/index.ts';
import { BYTES_PER_ELEMENT, type Dtype } from './spec.ts';

/** A tensor is a window on one shared buffer: offset in bytes, shape (row-major, dense) and element type. Plain data, so it crosses threads. */
export interface TensorView {
  readonly offset: Bytes;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function byteLength(view: TensorView): Bytes {
  return elementCount(view.shape) * BYTES_PER_ELEMENT[view.dtype];
}

/** The elements of an f32 view. */
export function f32Elements(buffer: ArrayBufferLike, view: TensorView): Float32Array {
  return new Float32Array(buffer, view.offset, elementCount(view.shape));
}

/** The raw bits of a bf16 view. */
export function bf16Elements(buffer: ArrayBufferLike, view: TensorView): Uint16Array {
  return new Uint16Array(buffer, view.offset, elementCount(view.shape));
}

/** Lays tensors one behind the other from `start`, each aligned for 128-bit loads. */
export interface ArenaPlan {
  allocate(shape: readonly number[], dtype: Dtype): TensorView;
  /** Bytes needed so far, counted from offset 0. */
  readonly bytes: Bytes;
}

const ALIGNMENT = 16;

export function planArena(start: Bytes = 0): ArenaPlan {
  let next = align(start);
  return {
    get bytes() {
      return next;
    },
    allocate(shape, dtype) {
      const view: TensorView = { offset: next, shape, dtype };
      next = align(next + byteLength(view));
      return view;
    },
  };
}

function align(offset: Bytes): Bytes {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
