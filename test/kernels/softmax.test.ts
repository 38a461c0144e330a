import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { F32, type KernelTable, softmax, softmaxBackward, squaredLogSumExp } from '../../src/kernels/index.ts';
import { type Dtype, f32Elements, planArena } from '../../src/model/index.ts';
import { comparableBits, draws, fill, memory, tables } from './support.ts';
import { drawValues, NUMERICS, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

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

const dtype = fc.constantFrom<Dtype>('f32', 'bf16');
const shape = { rows: fc.integer({ min: 0, max: 5 }), columns: fc.integer({ min: 1, max: 70 }), seed: fc.integer() };
/** Moderate numbers, numbers that underflow, and all that is special. */
const numbers = fc.constantFrom(
  { scale: 1, special: [] },
  { scale: 200, special: [Number.NEGATIVE_INFINITY, 0, -0] },
  { scale: 2, special: SPECIAL },
);

/** What attention does with its scores. */
function maskedReference(rows: number, columns: number, scores: Float32Array, target: Dtype): Float32Array {
  const y = new Float32Array(rows * columns);
  const statistics = new Float32Array(2 * rows);
  softmax(NUMERICS[target], { rows, columns }, scores, y, statistics);
  return y.map((value, i) => (statistics[Math.floor(i / columns)] === Number.NEGATIVE_INFINITY ? 0 : value));
}

describe('softmax of attention', () => {
  it('has the bits of the reference on every path, for any columns, in place too', () => {
    fc.assert(
      fc.property(fc.record(shape), dtype, numbers, fc.boolean(), ({ rows, columns, seed }, target, { scale, special }, inPlace) => {
        const scores = drawValues(seed, rows * columns, 'f32', scale, special);
        if (rows > 1) scores.fill(Number.NEGATIVE_INFINITY, columns, 2 * columns);
        const expected = Array.from(maskedReference(rows, columns, scores, target));
        for (const table of tables) {
          const workspace = openWorkspace();
          const from = workspace.tensor([rows, columns], 'f32', scores);
          const to = inPlace && target === 'f32' ? from : workspace.tensor([rows, columns], target, 7);
          table.maskedSoftmax(from, to);
          expect(valuesOf(to), table.path).toEqual(expected);
          workspace.expectUntouched(table);
        }
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('refuses tensors that do not fit', () => {
    const workspace = openWorkspace();
    const [scores, other] = [workspace.tensor([2, 3], 'f32', 0), workspace.tensor([2, 4], 'f32', 0)];
    for (const table of tables) {
      expect(() => table.maskedSoftmax(scores, other)).toThrow('maskedSoftmax: 2 x 4 beside 2 x 3');
      expect(() => table.maskedSoftmax({ ...scores, dtype: 'bf16' }, scores)).toThrow('maskedSoftmax: bf16 where f32 is meant');
    }
  });
});

describe('softmax backward', () => {
  it('has the bits of the reference on every path, adding, overwriting and in place of dy', () => {
    fc.assert(
      fc.property(
        fc.record(shape),
        dtype,
        dtype,
        numbers,
        fc.boolean(),
        ({ rows, columns, seed }, yType, dxType, { scale, special }, adds) => {
          const count = rows * columns;
          const y = drawValues(seed, count, yType, 1, special);
          const dy = drawValues(seed + 1, count, 'f32', scale, special);
          const before = drawValues(seed + 2, count, dxType, 1, special);
          const expected = adds ? before.slice() : new Float32Array(count);
          softmaxBackward(NUMERICS[dxType], { rows, columns }, y, dy, expected);
          for (const table of tables) {
            const workspace = openWorkspace();
            const views = [workspace.tensor([rows, columns], yType, y), workspace.tensor([rows, columns], 'f32', dy)] as const;
            const dx = workspace.tensor([rows, columns], dxType, before);
            table.softmaxBackward(...views, dx, adds);
            expect(valuesOf(dx), table.path).toEqual(Array.from(expected));
            if (dxType === 'f32' && !adds) {
              table.softmaxBackward(...views, views[1], false);
              expect(valuesOf(views[1]), table.path).toEqual(Array.from(expected));
            }
            workspace.expectUntouched(table);
          }
        },
      ),
      { numRuns: 300, seed: 12 },
    );
  });

  it('is the gradient of the softmax', () => {
    const [rows, columns] = [3, 37];
    const x = drawValues(1, rows * columns, 'f32', 3);
    const dy = drawValues(2, rows * columns, 'f32');
    const outcome = (values: Float32Array): number => {
      const y = new Float32Array(rows * columns);
      softmax(F32, { rows, columns }, values, y, new Float32Array(2 * rows));
      return y.reduce((sum, value, i) => sum + value * dy[i], 0);
    };
    for (const table of tables) {
      const workspace = openWorkspace();
      const y = workspace.tensor([rows, columns], 'f32', 0);
      const dx = workspace.tensor([rows, columns], 'f32', 0);
      table.maskedSoftmax(workspace.tensor([rows, columns], 'f32', x), y);
      table.softmaxBackward(y, workspace.tensor([rows, columns], 'f32', dy), dx, false);
      const gradient = valuesOf(dx);
      for (const i of [0, 40, 110]) {
        const moved = [1, -1].map((sign) => outcome(x.map((value, at) => (at === i ? value + sign / 16 : value))));
        expect(gradient[i], table.path).toBeCloseTo((moved[0] - moved[1]) * 8, 4);
      }
    }
  });
});
