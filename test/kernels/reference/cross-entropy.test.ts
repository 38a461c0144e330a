import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CrossEntropyOptions,
  type CrossEntropyShape,
  crossEntropy,
  crossEntropyBackward,
  F32,
  F64,
  meanLoss,
  type Numerics,
  type Reals,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { randomReals, relativeDifference, stored } from './tensors.ts';

interface Run {
  readonly loss: number;
  readonly dLogits: Reals;
  readonly statistics: Reals;
  readonly counted: number;
  readonly crossEntropySum: number;
  readonly zLossSum: number;
}

function run(numerics: Numerics, shape: CrossEntropyShape, logits: Reals, targets: Int32Array, options: CrossEntropyOptions = {}): Run {
  const statistics = numerics.zeros(2 * shape.tokens);
  const wanted = { targets, ...options };
  const sums = crossEntropy(numerics, shape, logits, wanted, statistics);
  const dLogits = numerics.zeros(logits.length);
  crossEntropyBackward(numerics, shape, { logits, statistics, counted: sums.counted, dLoss: 1 }, wanted, dLogits);
  return { ...sums, loss: meanLoss(numerics, sums), dLogits, statistics };
}

const LN3 = 1.0986122886681098;

describe('cross-entropy', () => {
  it('of equal logits is ln V, and the gradient is p - q', () => {
    const { loss, dLogits, statistics } = run(F64, { tokens: 1, vocabulary: 3 }, new Float64Array(3).fill(5), Int32Array.of(1));
    expect(loss).toBeCloseTo(LN3, 15);
    for (const [v, expected] of [1 / 3, -2 / 3, 1 / 3].entries()) expect(dLogits[v]).toBeCloseTo(expected, 15);
    expect(Array.from(statistics)).toEqual([5, 3]);
  });

  it('by hand: two classes, smoothing and z-loss', () => {
    // Logits ln 3 and 0: Z = 4, p = (3/4, 1/4), logZ = ln 4; q = (0.9, 0.1).
    const logits = Float64Array.of(LN3, 0);
    const options = { labelSmoothing: 0.1, zLoss: 0.5 };
    const { crossEntropySum, zLossSum, dLogits } = run(F64, { tokens: 1, vocabulary: 2 }, logits, Int32Array.of(0), options);
    const ln4 = 1.3862943611198906;
    expect(crossEntropySum).toBeCloseTo(0.9 * (ln4 - LN3) + 0.1 * ln4, 14);
    expect(zLossSum).toBeCloseTo(0.5 * ln4 * ln4, 14);
    expect(dLogits[0]).toBeCloseTo(0.75 * (1 + ln4) - 0.9, 14);
    expect(dLogits[1]).toBeCloseTo(0.25 * (1 + ln4) - 0.1, 14);
  });

  it('is the mean over the tokens that are no padding, which have no gradient', () => {
    const shape = { tokens: 3, vocabulary: 2 };
    const logits = Float64Array.of(0, 0, 9, -9, 0, LN3);
    const padded = run(F64, shape, logits, Int32Array.of(0, -1, 0), { zLoss: 0.1 });
    const without = run(F64, { tokens: 2, vocabulary: 2 }, Float64Array.of(0, 0, 0, LN3), Int32Array.of(0, 0), { zLoss: 0.1 });
    expect(padded.counted).toBe(2);
    expect(padded.loss).toBe(without.loss);
    expect(Array.from(padded.dLogits)).toEqual([...without.dLogits.slice(0, 2), 0, 0, ...without.dLogits.slice(2)]);
    const other = run(F64, shape, logits, Int32Array.of(0, 1, 0), { ignored: 1, zLoss: 0.1 });
    expect(other.dLogits).toEqual(padded.dLogits);
  });

  it('of padding alone is 0 without a gradient', () => {
    const { loss, counted, dLogits } = run(F32, { tokens: 2, vocabulary: 2 }, Float32Array.of(1, 2, 3, 4), Int32Array.of(-1, -1));
    expect([loss, counted]).toEqual([0, 0]);
    expect(Array.from(dLogits)).toEqual([0, 0, 0, 0]);
  });

  it('shards that add their sums and count give the gradient of the whole', () => {
    const logits = randomReals(4, 4 * 5, 3);
    const targets = Int32Array.of(0, 4, -1, 2);
    const whole = run(F64, { tokens: 4, vocabulary: 5 }, logits, targets, { zLoss: 0.01 });
    const parts = [0, 2].flatMap((from) => {
      const shape = { tokens: 2, vocabulary: 5 };
      const statistics = F64.zeros(4);
      const wanted = { targets: targets.slice(from, from + 2), zLoss: 0.01 };
      const shard = logits.slice(from * 5, from * 5 + 10);
      crossEntropy(F64, shape, shard, wanted, statistics);
      const dLogits = F64.zeros(10);
      crossEntropyBackward(F64, shape, { logits: shard, statistics, counted: whole.counted, dLoss: 1 }, wanted, dLogits);
      return Array.from(dLogits);
    });
    expect(parts).toEqual(Array.from(whole.dLogits));
  });

  it('neither overflows nor loses digits for large logits, and a shift changes nothing but logZ', () => {
    const shape = { tokens: 1, vocabulary: 3 };
    const shifted = run(F32, shape, Float32Array.of(1e4, 1e4 + 1, 1e4 - 2), Int32Array.of(2));
    const plain = run(F32, shape, Float32Array.of(0, 1, -2), Int32Array.of(2));
    expect(shifted.dLogits).toEqual(plain.dLogits);
    expect(shifted.loss).toBe(plain.loss);
    const far = run(F32, shape, Float32Array.of(3e38, -3e38, 0), Int32Array.of(0));
    expect(far.loss).toBe(0);
    expect(Array.from(far.dLogits)).toEqual([0, 0, 0]);
  });

  it('has the gradient that differences give', () => {
    const cases = fc.record({
      tokens: fc.integer({ min: 1, max: 4 }),
      vocabulary: fc.integer({ min: 1, max: 6 }),
      labelSmoothing: fc.constantFrom(0, 0.1),
      zLoss: fc.constantFrom(0, 1e-4, 0.3),
      seed: fc.integer({ min: 1, max: 1000 }),
    });
    let nonZero = 0;
    fc.assert(
      fc.property(cases, ({ tokens, vocabulary, labelSmoothing, zLoss, seed }) => {
        const shape = { tokens, vocabulary };
        const logits = randomReals(seed, tokens * vocabulary, 3);
        const targets = Int32Array.from({ length: tokens }, (_, t) => (t === 1 ? -1 : (seed + t * 7) % vocabulary));
        const wanted = { targets, labelSmoothing, zLoss };
        const statistics = F64.zeros(2 * tokens);
        nonZero += checkGradients({
          inputs: { logits },
          outputs: 1,
          // One class is sure whatever its logit, which z-loss alone pulls at.
          mayVanish: vocabulary === 1 && zLoss === 0 ? ['logits'] : [],
          forward: (y) => {
            y[0] = meanLoss(F64, crossEntropy(F64, shape, logits, wanted, statistics));
          },
          backward: ([dLoss], gradients) => {
            const { counted } = crossEntropy(F64, shape, logits, wanted, statistics);
            crossEntropyBackward(F64, shape, { logits, statistics, counted, dLoss }, wanted, gradients.logits);
          },
        });
      }),
      { numRuns: 40, seed: 1 },
    );
    expect(nonZero).toBeGreaterThan(200);
  });

  it('in f32 is within 1e-6 of f64', () => {
    const shape = { tokens: 16, vocabulary: 200 };
    const logits = stored(F32, randomReals(5, 16 * 200, 8));
    const targets = Int32Array.from({ length: 16 }, (_, t) => (t * 37) % 200);
    const options = { labelSmoothing: 0.1, zLoss: 1e-4 };
    const [own, exact] = [F32, F64].map((numerics) => run(numerics, shape, stored(numerics, logits), targets, options));
    expect(Math.abs(own.loss / exact.loss - 1)).toBeLessThan(1e-6);
    expect(relativeDifference(own.dLogits, exact.dLogits)).toBeLessThan(1e-6);
  });

  it('NaN logits give a NaN loss', () => {
    expect(run(F32, { tokens: 1, vocabulary: 2 }, Float32Array.of(1, Number.NaN), Int32Array.of(0)).loss).toBeNaN();
  });

  it('refuses targets outside of the vocabulary and options out of range', () => {
    const refuse = (targets: Int32Array, options: CrossEntropyOptions = {}) =>
      expect(() => run(F32, { tokens: 2, vocabulary: 3 }, F32.zeros(6), targets, options));
    refuse(Int32Array.of(0, 3)).toThrow('crossEntropy: targets[1] must be below 3, or -1 for padding, is 3');
    refuse(Int32Array.of(-2, 0)).toThrow('crossEntropy: targets[0]');
    refuse(Int32Array.of(0)).toThrow('crossEntropy: targets must have 2 elements (2 tokens), has 1');
    refuse(Int32Array.of(0, 0), { labelSmoothing: 1 }).toThrow('labelSmoothing must be at least 0 and below 1, is 1');
  });
});
