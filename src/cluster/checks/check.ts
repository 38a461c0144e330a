import { type Bytes, drawWords, Purpose } from '../../base/index.ts';
import { bf16Bits, type KernelTable, type Matrix, matrixOf } from '../../kernels/index.ts';
import {
  type ArenaPlan,
  BYTES_PER_ELEMENT,
  bf16Elements,
  type Dtype,
  elementCount,
  f32Elements,
  planArena,
  type TensorView,
} from '../../model/index.ts';

/** One kernel on operands of its own: on every path it must leave the same bits. */
export interface KernelCheck {
  /** For messages. */
  readonly name: string;
  /** Checks that have the same one compute the same numbers, which the oracle then computes once; their own when left out. */
  readonly outcome?: string;
  /** Runs the kernel; answers with everything that it wrote. */
  readonly run: (table: KernelTable, place: CheckPlace) => readonly TensorView[];
}

/** Tensors in the memory of a table, one behind the other; the same calls give the same tensors. */
export interface CheckPlace {
  /** Uniform numbers in [-1, 1). */
  readonly random: (shape: readonly number[], dtype: Dtype) => TensorView;
  /** The transpose of what `random` would give: the same numbers, column by column. */
  readonly randomTransposed: (shape: readonly [number, number], dtype: Dtype) => TensorView;
  /** The numbers of `values` in random order. */
  readonly drawnFrom: (values: readonly number[], shape: readonly number[], dtype: Dtype) => TensorView;
  readonly integers: (values: readonly number[]) => Bytes;
  readonly bytes: (values: readonly number[]) => Bytes;
  /** Room for an outcome, full of numbers that no kernel gives. */
  readonly empty: (shape: readonly number[], dtype: Dtype) => TensorView;
  /** Working space of so many floats, which holds what was there. */
  readonly scratch: (elements: number) => TensorView;
}

/** Places tensors from address `start` on. */
export function openPlace(buffer: ArrayBufferLike, start: Bytes): CheckPlace {
  const arena = planArena(start);
  const next = drawing();
  /** Element i of the numbers goes to place `at(i)`. */
  const filled = (shape: readonly number[], dtype: Dtype, value: () => number, at = (i: number): number => i): TensorView => {
    const view = arena.allocate(shape, dtype);
    const elements = dtype === 'f32' ? f32Elements(buffer, view) : bf16Elements(buffer, view);
    for (let i = 0; i < elements.length; i++) elements[at(i)] = dtype === 'f32' ? value() : bf16Bits(value());
    return view;
  };
  const uniform = (): number => (2 * next()) / WORD_RANGE - 1;
  return {
    random: (shape, dtype) => filled(shape, dtype, uniform),
    randomTransposed: ([rows, columns], dtype) =>
      filled([columns, rows], dtype, uniform, (i) => (i % columns) * rows + Math.floor(i / columns)),
    drawnFrom: (values, shape, dtype) => filled(shape, dtype, () => values[next() % values.length]),
    integers: (values) => place(arena, values, (offset) => new Int32Array(buffer, offset, values.length)),
    bytes: (values) => place(arena, values, (offset) => new Uint8Array(buffer, offset, values.length)),
    empty: (shape, dtype) => filled(shape, dtype, () => UNWRITTEN),
    scratch: (elements) => arena.allocate([elements], 'f32'),
  };
}

function place(arena: ArenaPlan, values: readonly number[], open: (offset: Bytes) => { set(values: readonly number[]): void }): Bytes {
  const { offset } = arena.allocate([values.length], 'f32');
  open(offset).set(values);
  return offset;
}

const WORD_RANGE = 0x1_0000_0000;
const UNWRITTEN = -12345.5e20;

/** Words of 32 bits, the same in every place. */
function drawing(): () => number {
  const words = new Uint32Array(4);
  let drawn = 0;
  return () => {
    if (drawn % words.length === 0) drawWords(words, { seed: 0, purpose: Purpose.test, layer: 0, token: 0 }, drawn / words.length);
    return words[drawn++ % words.length];
  };
}

/** The matrix of a tensor, and of the window that begins at its second row and column. */
export function windowOf(view: TensorView): Matrix {
  const whole = matrixOf(view);
  const bytes = BYTES_PER_ELEMENT[whole.dtype];
  return { ...whole, offset: whole.offset + (whole.stride + 1) * bytes, rows: whole.rows - 1, columns: whole.columns - 1 };
}

/** The bits of tensors, one after the other; all NaN count as one, because WebAssembly leaves their payload open. */
export function bitsOf(buffer: ArrayBufferLike, views: readonly TensorView[]): Uint32Array {
  const bits = new Uint32Array(views.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  let next = 0;
  for (const view of views) {
    const isF32 = view.dtype === 'f32';
    const elements = isF32 ? new Uint32Array(f32Elements(buffer, view).slice().buffer) : bf16Elements(buffer, view);
    for (const element of elements) {
      const word = isF32 ? element : element << 16;
      bits[next++] = (word & 0x7fff_ffff) > 0x7f80_0000 ? 0x7fc0_0000 : word;
    }
  }
  return bits;
}
