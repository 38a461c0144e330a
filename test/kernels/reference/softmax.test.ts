import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, type Reals, softmax, softmaxBackward } from '../../../src/kernels/index.ts';
import { f32Elements, planArena } from '../../../src/model/index.ts';
import { draws, fill, memory, tables } from '../support.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference } from './tensors.ts';

const sizes = fc.record({ rows: fc.integer({ min: 1, max: 6 }), columns: fc.integer({ min: 1, max: 21 }) });

describe('softmax', () => {
  it('in F32 has the bits of the kernel tables', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), fc.constantFrom(1, 30, 300), ({ rows, columns }, seed, scale) => {
        const arena = planArena(64);
        const logits = arena.allocate([rows, columns], 'f32');
        const probabilities = arena.allocate([rows, columns], 'f32');
        const statistics = arena.allocate([2, rows], 'f32');
        const next = draws(seed);
        fill(logits, () => next() * scale);
        tables[0].softmax(logits, 0, probabilities, statistics);
        const y = F32.zeros(rows * columns);
        const own = F32.zeros(2 * rows);
        softmax(F32, { rows, columns }, f32Elements(memory.buffer, logits), y, own);
        expect(y).toEqual(f32Elements(memory.buffer, probabilities));
        expect(own).toEqual(f32Elements(memory.buffer, statistics));
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('has the gradient of its sum', () => {
    fc.assert(
      fc.property(sizes, fc.nat(1e6), ({ rows, columns }, seed) => {
        const x = randomReals(seed, rows * columns, 3);
        const kept: Reals = F64.zeros(rows * columns);
        const count = checkGradients({
          inputs: { x },
          outputs: rows * columns,
          // One column is 1 whatever x.
          mayVanish: columns === 1 ? ['x'] : [],
          forward: (y) => {
            softmax(F64, { rows, columns }, x, y, F64.zeros(2 * rows));
            kept.set(y);
          },
          backward: (dy, gradients) => softmaxBackward(F64, { rows, columns }, kept, dy, gradients.x),
        });
        expect(count).toBeGreaterThanOrEqual(columns === 1 ? 0 : rows * columns);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  it('is exact where that can be said by hand', () => {
    const y = F64.zeros(8);
    const statistics = F64.zeros(4);
    softmax(
      F64,
      { rows: 2, columns: 4 },
      Float64Array.of(5, 5, 5, 5, 2, Number.NEGATIVE_INFINITY, 2, Number.NEGATIVE_INFINITY),
      y,
      statistics,
    );
    expect(Array.from(y)).toEqual([0.25, 0.25, 0.25, 0.25, 0.5, 0, 0.5, 0]);
    expect(Array.from(statistics)).toEqual([5, 2, 4, 2]);
    const dx = F64.zeros(8);
    softmaxBackward(F64, { rows: 2, columns: 4 }, y, Float64Array.of(1, 0, 0, 0, 1, 9, 0, 9), dx);
    expect(Array.from(dx)).toEqual([0.1875, -0.0625, -0.0625, -0.0625, 0.25, 0, -0.25, 0]);
  });

  it('is close to F64 in F32 and in bf16', () => {
    const shape = { rows: 20, columns: 37 };
    const x = Float32Array.from(randomReals(4, 740, 4));
    const dy = randomReals(5, 740);
    const run = (numerics: typeof F64) => {
      const y = numerics.zeros(740);
      const dx = numerics.zeros(740);
      softmax(numerics, shape, x, y, numerics.zeros(40));
      softmaxBackward(numerics, shape, y, dy, dx);
      return { y, dx };
    };
    const exact = run(F64);
    const [f32, bf16] = [run(F32), run(BF16)];
    for (const name of ['y', 'dx'] as const) {
      expect(relativeDifference(f32[name], exact[name])).toBeLessThan(1e-6);
      expect(relativeDifference(bf16[name], exact[name])).toBeLessThan(2 ** -7);
      expectBf16(bf16[name]);
    }
  });

  it('refuses what does not fit', () => {
    const two = F32.zeros(2);
    expect(() => softmax(F32, { rows: 1, columns: 2 }, F32.zeros(3), two, two)).toThrow(
      'softmax: x must have 2 elements (1 rows x 2), has 3',
    );
    expect(() => softmax(F32, { rows: 1, columns: 2 }, two, two, F32.zeros(1))).toThrow('softmax: statistics must have 2 elements');
    expect(() => softmaxBackward(F32, { rows: 1, columns: 0 }, two, two, two)).toThrow('softmaxBackward: columns must be a whole number');
  });
});
