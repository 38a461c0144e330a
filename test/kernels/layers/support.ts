/** Tables over a memory that two lanes fit into, and tensors of the reference kernels in it. */
import { bf16Value, createKernelMemory, type Numerics, type Reals, type Step } from '../../../src/kernels/index.ts';
import { bf16Elements, type Dtype, f32Elements, type TensorView } from '../../../src/model/index.ts';
import { allTables, fillTensor } from '../paths.ts';
import { draws } from '../support.ts';

export const memory = createKernelMemory(48 << 20);
export const tables = allTables(memory);

export const LANES = 2;
/** No input and no output lies before it. */
export const ARENA_START = 64;

export function dtypeOf({ name }: Numerics): Dtype {
  return name === 'bf16' ? 'bf16' : 'f32';
}

export function put(view: TensorView | null, values: ArrayLike<number> | null): void {
  if (view !== null && values !== null) fillTensor(memory, view, (index) => values[index]);
}

/** The numbers of a tensor, so that NaN is NaN and -0 is not 0. */
export function numbersOf(view: TensorView): number[] {
  if (view.dtype === 'f32') return Array.from(f32Elements(memory.buffer, view));
  return Array.from(bf16Elements(memory.buffer, view), bf16Value);
}

export function reals(values: Reals | null): number[] {
  return Array.from(values ?? []);
}

/** Whatever memory held before must not matter: all of it is NaN, in f32 and in bf16. */
export function spoil(bytes: number): void {
  new Uint32Array(memory.buffer, 0, Math.ceil(bytes / 4)).fill(0x7fc07fc0);
}

/** Items of each phase in any order, each on any lane. */
export function runShuffled(step: Step, seed: number): void {
  const next = draws(seed);
  step.phaseItems.forEach((count, phase) => {
    const order = Array.from({ length: count }, (_, item) => ({ item, key: next() })).sort((a, b) => a.key - b.key);
    for (const { item } of order) step.run(phase, item, next() > 0 ? 1 : 0);
  });
}
