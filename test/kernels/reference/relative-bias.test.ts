import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BF16,
  F32,
  F64,
  type RelativeBuckets,
  relativeBias,
  relativeBiasBackward,
  relativePositionBucket,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals } from './tensors.ts';

const T5_ENCODER: RelativeBuckets = { buckets: 32, maxDistance: 128, bidirectional: true };
const T5_DECODER: RelativeBuckets = { buckets: 32, maxDistance: 128, bidirectional: false };

/**
 * Bucket edges worked out from the definition: distances of a bucket start where 8 x 16^(k/8) = 8 x 2^(k/2) (encoder) or 16 x 8^(k/16) (decoder) is
 * reached, rounded up to a whole distance.
 */
const ENCODER_STARTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
const DECODER_STARTS = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113,
];

function bucketOf(starts: readonly number[], distance: number): number {
  return starts.findLastIndex((start) => start <= distance);
}

describe('relative position buckets of T5', () => {
  it('are those of the table for every distance, in both directions', () => {
    let looked = 0;
    for (let distance = 0; distance <= 600; distance++) {
      const bucket = bucketOf(ENCODER_STARTS, distance);
      expect(relativePositionBucket(T5_ENCODER, -distance), `-${distance}`).toBe(bucket);
      // Keys behind the query have the other half; distance 0 belongs to the first.
      expect(relativePositionBucket(T5_ENCODER, distance), `${distance}`).toBe(distance === 0 ? 0 : 16 + bucket);
      expect(relativePositionBucket(T5_DECODER, -distance), `-${distance}`).toBe(bucketOf(DECODER_STARTS, distance));
      looked += 1;
    }
    expect(looked).toBe(601);
  });

  it('put keys that causal attention does not see into the bucket of distance 0', () => {
    for (const distance of [1, 5, 1000]) expect(relativePositionBucket(T5_DECODER, distance)).toBe(0);
  });

  it.each([
    [12, 10, true, [-7, -3, -2, -1, 0, 1, 2, 3, 5, 6, 9, 40], [5, 3, 2, 1, 0, 7, 8, 9, 10, 10, 11, 11]],
    [12, 10, false, [-40, -9, -8, -7, -6, -5, -1, 0, 3], [11, 10, 9, 7, 6, 5, 1, 0, 0]],
  ])('with %i buckets up to distance %i', (buckets, maxDistance, bidirectional, distances, expected) => {
    // 3 + floor(3 ln(n/3) / ln(10/3)): 4 from n = 4.48, 5 from n = 6.69; 6 + floor(6 ln(n/6) / ln(10/6)): 7 from 6.53, 9 from 7.75, 10 from 8.43.
    expect(distances.map((distance) => relativePositionBucket({ buckets, maxDistance, bidirectional }, distance))).toEqual(expected);
  });

  it('never go back as keys move away, and stay inside the table', () => {
    const cases = fc.record({
      half: fc.integer({ min: 2, max: 40 }),
      reach: fc.integer({ min: 1, max: 1000 }),
      bidirectional: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ half, reach, bidirectional }) => {
        const shape = { buckets: 2 * half, maxDistance: half + reach, bidirectional };
        let last = 0;
        for (let distance = 0; distance < 1200; distance += 3) {
          const bucket = relativePositionBucket(shape, -distance);
          expect(bucket).toBeGreaterThanOrEqual(last);
          expect(bucket).toBeLessThan(bidirectional ? half : 2 * half);
          last = bucket;
          if (bidirectional && distance > 0) expect(relativePositionBucket(shape, distance)).toBe(half + bucket);
        }
        expect(last).toBe(bidirectional ? half - 1 : 2 * half - 1);
      }),
      { numRuns: 30, seed: 8 },
    );
  });
});

describe('relative position bias', () => {
  const shape = { ...T5_ENCODER, buckets: 8, maxDistance: 6, heads: 2, queries: 3, keys: 5 };

  it('reads one number per head and bucket', () => {
    const table = Float64Array.from({ length: 16 }, (_, n) => n);
    const bias = new Float64Array(30);
    relativeBias(F64, shape, table, bias);
    // Distances of query 1: -1, 0, 1, 2, 3 -> buckets 1, 0, 5, 6, 6 (2 + floor(2 ln(3/2) / ln(6/2)) = 2); head 1 reads the odd entries.
    expect(Array.from(bias.subarray(5, 10))).toEqual([2, 0, 10, 12, 12]);
    expect(Array.from(bias.subarray(20, 25))).toEqual([3, 1, 11, 13, 13]);
    const shifted = new Float64Array(10);
    relativeBias(F64, { ...shape, queries: 1, firstQuery: 1 }, table, shifted);
    expect(Array.from(shifted)).toEqual([2, 0, 10, 12, 12, 3, 1, 11, 13, 13]);
  });

  it('has the gradient of finite differences', () => {
    for (const bidirectional of [true, false]) {
      const own = { ...shape, bidirectional };
      const table = randomReals(21, 16);
      const looked = checkGradients({
        inputs: { table },
        outputs: 30,
        forward: (bias) => relativeBias(F64, own, table, bias),
        backward: (dBias, { table: dTable }) => relativeBiasBackward(F64, own, dBias, dTable),
      });
      expect(looked).toBeGreaterThan(5);
    }
  });

  it('is rounded to bf16, its gradient is not', () => {
    const bias = new Float32Array(30);
    relativeBias(BF16, shape, Float32Array.from(randomReals(22, 16)), bias);
    expectBf16(bias);
    const dTable = new Float32Array(16);
    relativeBiasBackward(BF16, shape, Float32Array.from(randomReals(23, 30)), dTable);
    const exact = new Float64Array(16);
    relativeBiasBackward(F64, shape, Float64Array.from(Float32Array.from(randomReals(23, 30))), exact);
    expect(() => expectBf16(dTable)).toThrow();
    dTable.forEach((value, n) => {
      expect(value).toBeCloseTo(exact[n], 6);
    });
  });

  it('refuses tables that have no buckets for a direction', () => {
    const table = new Float64Array(14);
    expect(() => relativeBias(F32, { ...shape, buckets: 7 }, table, new Float64Array(30))).toThrow(
      'relativeBias: buckets must be even, as they are halved between two directions, is 7',
    );
    expect(() => relativeBias(F32, { ...shape, maxDistance: 2 }, table, table)).toThrow(
      'relativeBias: maxDistance must be above 2, the distances that have their own bucket, is 2',
    );
    expect(() => relativeBiasBackward(F32, shape, new Float64Array(30), table)).toThrow(
      'relativeBiasBackward: dTable must have 16 elements (8 buckets x 2 heads), has 14',
    );
  });
});
