import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KernelTable, squaredLogSumExp } from '../../src/kernels/index.ts';
import { f32Elements, planArena } from '../../src/model/index.ts';
import { comparableBits, draws, fill, memory, tables } from './support.ts';

const [oracle, ...others] = tables;

interface Case {
  readonly rows: number;
  readonly width: number;
  readonly firstColumn: number;
  readonly experts: number;
}

function run(table: KernelTable, { rows, width, firstColumn, experts }: Case, next: () => number) {
  const arena = planArena(64);
  const logits = arena.allocate([rows, width], 'f32');
  const probabilities = arena.allocate([rows, experts], 'f32');
  const statistics = arena.allocate([2, rows], 'f32');
  fill(logits, next);
  for (const view of [probabilities, statistics]) f32Elements(memory.buffer, view).fill(-7);
  table.softmax(logits, firstColumn, probabilities, statistics);
  return {
    logits: f32Elements(memory.buffer, logits).slice(),
    probabilities: f32Elements(memory.buffer, probabilities).slice(),
    statistics: f32Elements(memory.buffer, statistics).slice(),
    bits: [comparableBits(probabilities), comparableBits(statistics)],
  };
}

function scaled(seed: number, scale: number): () => number {
  const uniform = draws(seed);
  return () => uniform() * scale;
}

describe('row softmax', () => {
  it('is within f32 rounding of the definition in double', () => {
    const sizes: Case = { rows: 40, width: 96, firstColumn: 32, experts: 48 };
    for (const table of tables) {
      const { logits, probabilities, statistics } = run(table, sizes, scaled(3, 12));
      let zSum = 0;
      for (let row = 0; row < sizes.rows; row++) {
        const own = Array.from(
          logits.subarray(row * sizes.width + sizes.firstColumn, row * sizes.width + sizes.firstColumn + sizes.experts),
        );
        const total = own.reduce((sum, logit) => sum + Math.exp(logit), 0);
        zSum += Math.log(total) ** 2;
        own.forEach((logit, e) => {
          const expected = Math.exp(logit) / total;
          // Differences of up to 24 carry a rounding error of 2^-20; exp, the sum and the division add a little.
          expect(Math.abs(probabilities[row * sizes.experts + e] - expected)).toBeLessThan(2e-6 * expected);
        });
      }
      expect(squaredLogSumExp(statistics)).toBeCloseTo(zSum, 3);
    }
  });

  it('gives the bits of the oracle on every path, for any slice of columns', () => {
    const shape = fc
      .record({ rows: fc.integer({ min: 1, max: 9 }), experts: fc.integer({ min: 1, max: 40 }), before: fc.nat(7), after: fc.nat(7) })
      .map(({ rows, experts, before, after }): Case => ({ rows, experts, firstColumn: before, width: before + experts + after }));
    fc.assert(
      fc.property(shape, fc.integer(), fc.constantFrom(1, 10, 300), (sizes, seed, scale) => {
        const expected = run(oracle, sizes, scaled(seed, scale)).bits;
        for (const table of others) expect(run(table, sizes, scaled(seed, scale)).bits, table.path).toEqual(expected);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('gives the bits of the oracle for infinities, NaN and equal logits', () => {
    const values = [0, -0, 5, Number.NEGATIVE_INFINITY, -88, -1e30, 3e38];
    for (const extra of [[], [Number.NaN], [Number.POSITIVE_INFINITY]]) {
      const all = [...values, ...extra];
      const next = (): (() => number) => {
        const uniform = draws(4);
        return () => all[Math.floor((uniform() + 1) * 0.5 * all.length)];
      };
      const sizes: Case = { rows: 60, width: 8, firstColumn: 0, experts: 8 };
      const expected = run(oracle, sizes, next()).bits;
      for (const table of others) expect(run(table, sizes, next()).bits, table.path).toEqual(expected);
    }
  });

  it('gives a masked expert exactly 0, and equal logits equal shares', () => {
    for (const table of tables) {
      const masked = [1, Number.NEGATIVE_INFINITY, 1, 1];
      let i = 0;
      const { probabilities } = run(table, { rows: 1, width: 4, firstColumn: 0, experts: 4 }, () => masked[i++]);
      expect(Array.from(probabilities)).toEqual([Math.fround(1 / 3), 0, Math.fround(1 / 3), Math.fround(1 / 3)]);
    }
  });

  it('does not overflow for huge logits', () => {
    for (const table of tables) {
      const huge = [3e38, -3e38, 3e38, 0];
      let i = 0;
      const { probabilities } = run(table, { rows: 1, width: 4, firstColumn: 0, experts: 4 }, () => huge[i++]);
      expect(Array.from(probabilities)).toEqual([0.5, 0, 0.5, 0]);
    }
  });
});
