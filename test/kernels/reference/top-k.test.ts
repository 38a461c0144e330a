import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { F32, F64, topK, topKBackward } from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { randomReals } from './tensors.ts';

const sizes = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 9 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ rows, columns, share }) => ({ rows, columns, k: 1 + Math.floor(share * (columns - 1)) }));

describe('top-k', () => {
  it('is a stable sort cut off after k, with many ties and infinities', () => {
    const values = fc.constantFrom(-1, 0, 0.5, 2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    fc.assert(
      fc.property(
        sizes.chain((shape) =>
          fc.tuple(fc.constant(shape), fc.array(values, { minLength: shape.rows * shape.columns, maxLength: shape.rows * shape.columns })),
        ),
        ([shape, x]) => {
          const { rows, columns, k } = shape;
          const best = new Float32Array(rows * k).fill(Number.NaN);
          const indices = new Int32Array(rows * k).fill(-5);
          topK(shape, Float32Array.from(x), best, indices);
          for (let row = 0; row < rows; row++) {
            const own = x.slice(row * columns, (row + 1) * columns);
            // Sorting is stable, so equal values stay in the order of their columns; infinities have no difference.
            const order = own.map((_, n) => n).sort((a, b) => Number(own[b] > own[a]) - Number(own[b] < own[a]));
            expect(Array.from(indices.subarray(row * k, (row + 1) * k))).toEqual(order.slice(0, k));
            expect(Array.from(best.subarray(row * k, (row + 1) * k))).toEqual(order.slice(0, k).map((n) => own[n]));
          }
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  it('gives ties to the lower index', () => {
    const values = new Float32Array(3);
    const indices = new Int32Array(3);
    topK({ rows: 1, columns: 5, k: 3 }, Float32Array.of(1, 7, 7, 3, 7), values, indices);
    expect(Array.from(indices)).toEqual([1, 2, 4]);
    expect(Array.from(values)).toEqual([7, 7, 7]);
  });

  it('has the gradient of its sum', () => {
    let count = 0;
    fc.assert(
      fc.property(sizes, fc.nat(1e6), (shape, seed) => {
        const x = randomReals(seed, shape.rows * shape.columns);
        const sorted = Array.from(x).sort((a, b) => a - b);
        fc.pre(sorted.every((value, i) => i === 0 || value - sorted[i - 1] > 0.005));
        const indices = new Int32Array(shape.rows * shape.k);
        count += checkGradients({
          inputs: { x },
          outputs: shape.rows * shape.k,
          forward: (y) => topK(shape, x, y, indices),
          backward: (dy, gradients) => topKBackward(F64, shape, indices, dy, gradients.x),
        });
      }),
      { numRuns: 40, seed: 4 },
    );
    expect(count).toBeGreaterThan(100);
  });

  it('refuses NaN by row and column, more choices than columns, and columns that do not exist', () => {
    const shape = { rows: 2, columns: 3, k: 2 };
    const [values, indices] = [new Float32Array(4), new Int32Array(4)];
    const x = Float32Array.of(1, 2, 3, 4, 5, Number.NaN);
    expect(() => topK(shape, x, values, indices)).toThrow('topK: x at row 1, column 2 must be a number, is NaN');
    expect(() => topK({ ...shape, k: 4 }, x, values, indices)).toThrow('topK: k must be at most the 3 columns, is 4');
    expect(() => topK({ ...shape, k: 0 }, x, values, indices)).toThrow('topK: k must be a whole number of at least 1, is 0');
    expect(() => topK(shape, x.subarray(1), values, indices)).toThrow('topK: x must have 6 elements (2 rows x 3), has 5');
    expect(() => topKBackward(F32, shape, Int32Array.of(0, 1, 3, 0), values, x)).toThrow(
      'topKBackward: indices at row 1 must be columns below 3, is 3',
    );
  });
});
