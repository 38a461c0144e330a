import { expect } from 'vitest';
import { BF16, bf16Value, createKernelMemory, roundToBf16 } from '../../../src/kernels/index.ts';
import { bf16Elements, f32Elements, planArena } from '../../../src/model/index.ts';
import { allTables } from '../../kernels/paths.ts';
import { type Case, expectNear, type VectorFile } from '../case.ts';

interface Row {
  readonly a_bits: readonly number[];
  readonly b_bits: readonly number[];
  readonly exact: number;
  readonly f32_sequential_bits: number;
  readonly bf16_sequential_bits: number;
}

const memory = createKernelMemory(1 << 20);
const tables = allTables(memory);

/** Bits of the product of a row with a column on one kernel path. */
function dotBits(table: (typeof tables)[number], { a_bits, b_bits }: Row): number {
  const depth = a_bits.length;
  const arena = planArena(64);
  const a = arena.allocate([1, depth], 'bf16');
  const b = arena.allocate([depth, 1], 'bf16');
  const c = arena.allocate([1, 1], 'f32');
  const packed = arena.allocate([table.packedElements(depth, 1)], 'f32');
  const scratch = arena.allocate([table.scratchElements(1, depth, 1)], 'f32');
  bf16Elements(memory.buffer, a).set(a_bits);
  bf16Elements(memory.buffer, b).set(b_bits);
  table.packRight(b, packed);
  table.matmul(a, packed, c, scratch);
  return bitsOf(f32Elements(memory.buffer, c)[0]);
}

/** Products of bf16, exact, summed in f32 from left to right; a bf16 accumulator is another thing. */
export function bf16Dot({ rows }: { readonly rows: readonly Row[] }): VectorFile {
  return { cases: rows.map((row, i): Case => ({ name: `row ${i}`, run: () => checkRow(row) })) };
}

function checkRow(row: Row): void {
  for (const table of tables) expect(dotBits(table, row), table.path).toBe(row.f32_sequential_bits);
  const products = row.a_bits.map((bits, k) => bf16Value(bits) * bf16Value(row.b_bits[k]));
  const sum = products.reduce((total, product) => BF16.round(total + BF16.round(product)), 0);
  expect(bitsOf(sum), 'numerics').toBe(row.f32_sequential_bits);
  const rounded = products.reduce((total, product) => roundToBf16(total + roundToBf16(product)), 0);
  expect(bitsOf(rounded) >>> 16, 'bf16 accumulator').toBe(row.bf16_sequential_bits);
  expectNear([products.reduce((total, product) => total + product, 0)], [row.exact], 1e-12, 'exact sum');
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}
