import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BF16,
  embedding,
  embeddingBackward,
  F32,
  F64,
  oneHotEmbedding,
  oneHotEmbeddingBackward,
  roundToBf16,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, stored } from './tensors.ts';

const SHAPE = { tokens: 4, vocabulary: 3, dModel: 2 };
const IDS = Int32Array.of(2, 0, 2, 2);

const shapes = fc
  .record({ tokens: fc.integer({ min: 1, max: 7 }), vocabulary: fc.integer({ min: 1, max: 6 }), dModel: fc.integer({ min: 1, max: 4 }) })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      ids: fc
        .array(fc.integer({ min: 0, max: shape.vocabulary - 1 }), { minLength: shape.tokens, maxLength: shape.tokens })
        .map((ids) => Int32Array.from(ids)),
      seed: fc.integer({ min: 1, max: 1000 }),
    }),
  );

describe('embedding', () => {
  it('gathers rows, and adds gradients of equal ids one after the other', () => {
    const y = new Float32Array(8).fill(Number.NaN);
    embedding(F32, SHAPE, IDS, Float32Array.of(1, 2, 3, 4, 5, 6), y);
    expect(Array.from(y)).toEqual([5, 6, 1, 2, 5, 6, 5, 6]);
    const dTable = Float32Array.of(0, 0, 7, 8, 0, 0);
    embeddingBackward(F32, SHAPE, IDS, Float32Array.of(1, 2 ** 24, 3, 4, 5, 1, 6, 1), dTable);
    // 2^24 + 1 is no f32 and goes back to 2^24, twice; 2^24 + (1 + 1) would be another number.
    expect(Array.from(dTable)).toEqual([3, 4, 7, 8, 12, 2 ** 24]);
  });

  it('makes 0 of -0 forward, as the one-hot product does', () => {
    const shape = { tokens: 1, vocabulary: 1, dModel: 3 };
    for (const form of [embedding, oneHotEmbedding]) {
      const y = new Float32Array(3);
      form(BF16, shape, Int32Array.of(0), Float32Array.of(-0, -1e-45, -1), y);
      expect(Array.from(y)).toEqual([0, 0, -1]);
    }
  });

  it.each([F64, F32, BF16])('the one-hot product gives the numbers of the gather in $name, forward and backward', (numerics) => {
    let compared = 0;
    fc.assert(
      fc.property(shapes, ({ shape, ids, seed }) => {
        const table = Float64Array.from(randomReals(seed, shape.vocabulary * shape.dModel), Math.fround);
        const dy = stored(numerics, randomReals(seed + 1, shape.tokens * shape.dModel));
        const [gathered, product] = [0, 1].map(() => numerics.zeros(shape.tokens * shape.dModel));
        embedding(numerics, shape, ids, table, gathered);
        oneHotEmbedding(numerics, shape, ids, table, product);
        expect(product).toEqual(gathered);
        const [scattered, summed] = [0, 1].map(() => numerics.zeros(table.length).fill(0.25));
        embeddingBackward(numerics, shape, ids, dy, scattered);
        oneHotEmbeddingBackward(numerics, shape, ids, dy, summed);
        expect(summed).toEqual(scattered);
        compared += gathered.length + scattered.length;
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('has the gradient that differences give', () => {
    let nonZero = 0;
    fc.assert(
      fc.property(shapes, ({ shape, ids, seed }) => {
        const table = randomReals(seed, shape.vocabulary * shape.dModel);
        for (const [forward, backward] of [
          [embedding, embeddingBackward],
          [oneHotEmbedding, oneHotEmbeddingBackward],
        ] as const) {
          nonZero += checkGradients({
            inputs: { table },
            outputs: shape.tokens * shape.dModel,
            forward: (y) => forward(F64, shape, ids, table, y),
            backward: (dy, gradients) => backward(F64, shape, ids, dy, gradients.table),
          });
        }
      }),
      { numRuns: 20, seed: 2 },
    );
    expect(nonZero).toBeGreaterThan(100);
  });

  it('hands on bf16 values from an f32 table', () => {
    const table = Float32Array.from(randomReals(3, 6));
    const y = BF16.zeros(8);
    embedding(BF16, SHAPE, IDS, table, y);
    expectBf16(y);
    expect(y[0]).toBe(roundToBf16(table[4]));
    expect(y[0]).not.toBe(table[4]);
  });

  it('refuses ids without a row, and tensors that do not fit', () => {
    const table = F32.zeros(6);
    const y = F32.zeros(8);
    const refuse = (ids: Int32Array, t = table) => expect(() => embedding(F32, SHAPE, ids, t, y));
    refuse(Int32Array.of(0, 0, 3, 0)).toThrow('embedding: ids[2] must be one of the 3 rows of the table, is 3');
    refuse(Int32Array.of(0, -1, 0, 0)).toThrow('ids[1] must be one of the 3 rows');
    refuse(Int32Array.of(0, 0, 0)).toThrow('embedding: ids must have 4 elements (4 tokens), has 3');
    refuse(IDS, F32.zeros(5)).toThrow('embedding: table must have 6 elements (3 rows x 2), has 5');
  });
});
