import { byteLength, type TensorView } from '../../model/index.ts';

/** The whole memory of a pod, opened once for each kind of number: a view of every tensor for every item would take longer than its numbers. */
export interface Elements {
  readonly floats: Float32Array;
  readonly words: Int32Array;
  /** Also the bits of bf16. */
  readonly halves: Uint16Array;
}

export function openElements(buffer: ArrayBufferLike): Elements {
  const words = Math.floor(buffer.byteLength / 4);
  return {
    floats: new Float32Array(buffer, 0, words),
    words: new Int32Array(buffer, 0, words),
    halves: new Uint16Array(buffer, 0, 2 * words),
  };
}

/** Bytes of one tensor to the place of another one of the same type and size. */
export function copy({ halves }: Elements, from: TensorView, to: TensorView): void {
  copyBytes(halves, from.offset, to.offset, byteLength(from));
}

/** The same by offsets. */
export function copyBytes(halves: Uint16Array, from: number, to: number, bytes: number): void {
  if (from !== to) halves.copyWithin(to / 2, from / 2, (from + bytes) / 2);
}

export function fillWithZeros({ words, halves }: Elements, view: TensorView): void {
  const { offset } = view;
  const end = offset + byteLength(view);
  // Shared memory is filled number by number: half as many of them where they are words.
  if (offset % 4 === 0 && end % 4 === 0) words.fill(0, offset / 4, end / 4);
  else halves.fill(0, offset / 2, end / 2);
}
