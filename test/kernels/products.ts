import { createKernelMemory, type KernelTable } from '../../src/kernels/index.ts';
import { type Dtype, f32Elements, planArena, type TensorView } from '../../src/model/index.ts';
import { allTables, fillTensor } from './paths.ts';

export const memory = createKernelMemory(24 << 20);
export const tables = allTables(memory);

/** Small pseudo-random numbers by a linear congruence (Numerical Recipes, chapter 7.1): here only test data are drawn. */
export function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
}

export function fill(view: TensorView, next: () => number): void {
  fillTensor(memory, view, next);
}

/** The bits of an f32 tensor; all NaN count as one, because the language leaves their payload open. */
export function comparableBits(view: TensorView): Uint32Array {
  const values = f32Elements(memory.buffer, view).slice();
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = 0x7fc00000;
  return bits;
}

export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly left: Dtype;
  readonly right: Dtype;
  readonly next: () => number;
}

const CANARY = 12345.5;

/** The bits of a product on one table. The floats around c must stay as they are. */
export function productBits(table: KernelTable, { m, k, n, left, right, next }: Product): Uint32Array {
  const arena = planArena(64);
  const a = arena.allocate([m, k], left);
  const b = arena.allocate([k, n], right);
  const before = arena.allocate([4], 'f32');
  const c = arena.allocate([m, n], 'f32');
  const after = { ...before, offset: c.offset + m * n * 4 };
  arena.allocate([4], 'f32');
  const packed = arena.allocate([table.packedElements(k, n)], 'f32');
  const scratch = arena.allocate([table.scratchElements(m, k, n)], 'f32');
  const behind = arena.allocate([4], 'f32');
  fill(a, next);
  fill(b, next);
  // Old contents must not matter: all of the output and the scratch is NaN.
  for (const view of [c, packed, scratch]) f32Elements(memory.buffer, view).fill(Number.NaN);
  const guards = [before, after, behind].map((view) => f32Elements(memory.buffer, view).fill(CANARY));
  table.packRight(b, packed);
  table.matmul(a, packed, c, scratch);
  if (!guards.every((guard) => guard.every((value) => value === CANARY))) throw new Error(`${table.path} wrote outside its tensors`);
  return comparableBits(c);
}
