import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bf16Value, type KernelTable } from '../../src/kernels/index.ts';
import { bf16Elements, f32Elements, planArena } from '../../src/model/index.ts';
import { comparableBits, draws, memory, type Product, productBits, readVectors, tables } from './support.ts';

const [oracle, ...others] = tables;

interface Dots {
  readonly rows: readonly {
    readonly a_bits: readonly number[];
    readonly b_bits: readonly number[];
    readonly f32_sequential_bits: number;
    readonly bf16_sequential_bits: number;
  }[];
}

function expectEqualPaths(product: Omit<Product, 'next'>, seed: number, draw: (uniform: () => number) => number): void {
  const next = (): (() => number) => {
    const uniform = draws(seed);
    return () => draw(uniform);
  };
  const expected = productBits(oracle, { ...product, next: next() });
  for (const table of others) expect(productBits(table, { ...product, next: next() }), table.path).toEqual(expected);
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  2 ** -126,
  2 ** -133,
  -(2 ** -130),
  3e38,
  -3e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];
const dtype = fc.constantFrom('f32' as const, 'bf16' as const);

describe('matrix product', () => {
  it('sums golden bf16 dot products in f32, one after the other', () => {
    const { rows } = readVectors<Dots>('bf16_dot.json');
    expect(rows.length).toBeGreaterThan(10);
    for (const table of tables) {
      for (const row of rows) expect(dot(table, row.a_bits, row.b_bits), table.path).toBe(row.f32_sequential_bits >>> 0);
    }
    // The vectors tell an f32 sum from a bf16 sum.
    const distinct = rows.filter((row) => row.f32_sequential_bits !== row.bf16_sequential_bits * 65536);
    expect(distinct.length).toBeGreaterThan(10);
  });

  it('gives the bits of the oracle on every path, for any shape and dtype', () => {
    const sides = { m: fc.integer({ min: 1, max: 23 }), k: fc.integer({ min: 1, max: 70 }), n: fc.integer({ min: 1, max: 35 }) };
    fc.assert(
      fc.property(fc.record({ ...sides, left: dtype, right: dtype }), fc.integer(), (product, seed) => {
        expectEqualPaths(product, seed, (uniform) => uniform());
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('gives the bits of the oracle when operands are zero, subnormal, huge, infinite or not a number', () => {
    const sides = { m: fc.integer({ min: 1, max: 11 }), k: fc.integer({ min: 1, max: 6 }), n: fc.integer({ min: 1, max: 17 }) };
    fc.assert(
      fc.property(fc.record({ ...sides, left: dtype, right: dtype }), fc.integer(), (product, seed) => {
        expectEqualPaths(product, seed, (uniform) => SPECIAL[Math.floor((uniform() + 1) * 0.5 * SPECIAL.length)]);
      }),
      { numRuns: 150, seed: 2 },
    );
  });

  it('gives the bits of the oracle where products overflow, underflow and cancel', () => {
    const wide = (uniform: () => number): number => uniform() * 2 ** Math.floor(uniform() * 126);
    for (const seed of [1, 2, 3, 4]) {
      for (const kind of ['f32', 'bf16'] as const) expectEqualPaths({ m: 17, k: 40, n: 19, left: kind, right: kind }, seed, wide);
    }
  });

  it('goes over several blocks of rows with the same bits', () => {
    for (const kind of ['f32', 'bf16'] as const) {
      expectEqualPaths({ m: 67, k: 2048, n: 13, left: kind, right: kind }, 5, (uniform) => uniform());
    }
  });

  it('does the same for a row whatever rows stand beside it', () => {
    const k = 33;
    const n = 12;
    const row = Array.from({ length: k }, draws(9));
    for (const table of tables) {
      const results = [1, 4, 5, 6, 11].map((m) => {
        const columns = draws(10);
        let drawn = 0;
        const next = (): number => (drawn < m * k ? row[drawn++ % k] : columns());
        const bits = productBits(table, { m, k, n, left: 'f32', right: 'f32', next });
        return { first: bits.slice(0, n), last: bits.slice(-n) };
      });
      for (const { first, last } of results) {
        expect(first).toEqual(results[0].first);
        expect(last).toEqual(results[0].first);
      }
    }
  });

  it('writes nothing for no rows', () => {
    for (const table of tables) expect(productBits(table, { m: 0, k: 3, n: 9, left: 'f32', right: 'f32', next: draws(1) }).length).toBe(0);
  });

  it('refuses shapes that do not fit', () => {
    for (const table of tables) {
      const arena = planArena(64);
      const a = arena.allocate([3, 4], 'f32');
      const packed = arena.allocate([table.packedElements(4, 8)], 'f32');
      const scratch = arena.allocate([table.scratchElements(3, 4, 8)], 'f32');
      expect(() => table.matmul(a, packed, arena.allocate([2, 8], 'f32'), scratch)).toThrow(/product of 3 rows/);
      expect(() => table.matmul(a, packed, arena.allocate([3, 999], 'f32'), scratch)).toThrow(/packed/);
      const none = { ...scratch, shape: [0] };
      if (table !== oracle) expect(() => table.matmul(a, packed, arena.allocate([3, 8], 'f32'), none)).toThrow(/scratch of 0/);
      expect(() => table.packRight(arena.allocate([4, 99], 'f32'), packed)).toThrow(/packed 4 x 99/);
    }
  });
});

/** The bits of one dot product. */
function dot(table: KernelTable, left: readonly number[], right: readonly number[]): number {
  const arena = planArena(64);
  const k = left.length;
  const a = arena.allocate([1, k], 'bf16');
  const b = arena.allocate([k, 1], 'bf16');
  const c = arena.allocate([1, 1], 'f32');
  const packed = arena.allocate([table.packedElements(k, 1)], 'f32');
  const scratch = arena.allocate([table.scratchElements(1, k, 1)], 'f32');
  bf16Elements(memory.buffer, a).set(left);
  bf16Elements(memory.buffer, b).set(right);
  table.packRight(b, packed);
  table.matmul(a, packed, c, scratch);
  const exact = left.reduce((sum, bits, i) => sum + bf16Value(bits) * bf16Value(right[i]), 0);
  expect(Math.abs(f32Elements(memory.buffer, c)[0] - exact)).toBeLessThan(1e-4 * (1 + Math.abs(exact)));
  return comparableBits(c)[0];
}
