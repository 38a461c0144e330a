import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BF16,
  createRouterScores,
  F32,
  F64,
  JITTER_EPSILON,
  type Numerics,
  type Reals,
  type RouterOptions,
  type RouterScores,
  routerScores,
  routerScoresBackward,
  softmaxBackward,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

const SHAPE = { tokens: 10, dModel: 24, experts: 7 };
const TOKENS = Array.from({ length: 10 }, (_, s) => 512 + 3 * s);
const PLAIN: RouterOptions = { precision: 'f32', layer: 4, tokens: TOKENS, jitter: null };
const JITTERED: RouterOptions = { ...PLAIN, jitter: { epsilon: JITTER_EPSILON, seed: 7, step: 2 } };

function scoresOf(numerics: Numerics, options: RouterOptions, x: Reals, weight: Reals, shape = SHAPE): RouterScores {
  const scores = createRouterScores(numerics, shape);
  routerScores(numerics, shape, options, { x, weight }, scores);
  return scores;
}

const x = stored(F32, randomReals(1, 240));
const weight = stored(F32, randomReals(2, 168));

describe('router', () => {
  it('has the gradient of its probabilities and logits, through the jitter', () => {
    const sizes = fc.record({
      tokens: fc.integer({ min: 1, max: 4 }),
      dModel: fc.integer({ min: 1, max: 6 }),
      experts: fc.integer({ min: 2, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(1e6), (shape, seed) => {
        const tokens = TOKENS.slice(0, shape.tokens);
        const options: RouterOptions = { ...PLAIN, tokens, jitter: { epsilon: 0.5, seed, step: 1 } };
        const inputs = { x: randomReals(seed, shape.tokens * shape.dModel), weight: randomReals(seed + 1, shape.dModel * shape.experts) };
        const half = shape.tokens * shape.experts;
        let scores = createRouterScores(F64, shape);
        const count = checkGradients({
          inputs,
          outputs: 2 * half,
          forward: (y) => {
            scores = scoresOf(F64, options, inputs.x, inputs.weight, shape);
            y.set(scores.probabilities);
            y.set(scores.logits, half);
          },
          backward: (dy, { x: dx, weight: dWeight }) => {
            const dLogits = dy.slice(half);
            softmaxBackward(F64, { rows: shape.tokens, columns: shape.experts }, scores.probabilities, dy.subarray(0, half), dLogits);
            routerScoresBackward(F64, shape, options, inputs, scores, dLogits, { dx, dWeight });
          },
        });
        expect(count).toBeGreaterThanOrEqual(inputs.x.length + inputs.weight.length);
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it('stays f32 inside a bf16 layer, and rounds only dx', () => {
    const rounded = stored(BF16, x);
    const own = scoresOf(BF16, JITTERED, rounded, weight);
    expect(own).toEqual(scoresOf(F32, JITTERED, rounded, weight));
    const run = (numerics: Numerics) => {
      const [dx, dWeight] = [numerics.zeros(240), numerics.zeros(168)];
      routerScoresBackward(numerics, SHAPE, JITTERED, { weight }, own, stored(F32, randomReals(3, 70)), { dx, dWeight });
      return { dx, dWeight };
    };
    const [f32, bf16] = [run(F32), run(BF16)];
    expect(bf16.dWeight).toEqual(f32.dWeight);
    expect(bf16.dx).toEqual(stored(BF16, f32.dx));
  });

  it('in bf16 rounds everything, so that close experts become equal', () => {
    const options: RouterOptions = { ...JITTERED, precision: 'bf16' };
    const own = scoresOf(F32, options, x, weight);
    for (const tensor of [own.jittered, own.logits, own.probabilities]) expectBf16(tensor);
    const exact = scoresOf(F64, JITTERED, x, weight);
    expect(relativeDifference(own.logits, exact.logits)).toBeLessThan(2 ** -6);
    expect(relativeDifference(own.logits, exact.logits)).toBeGreaterThan(2 ** -12);
    expect(relativeDifference(scoresOf(F32, JITTERED, x, weight).logits, exact.logits)).toBeLessThan(1e-6);

    const shape = { tokens: 1, dModel: 1, experts: 2 };
    const close = Float32Array.of(1, 1.001);
    const one = { ...PLAIN, tokens: [0] };
    const f32 = scoresOf(F32, one, Float32Array.of(8), close, shape);
    const bf16 = scoresOf(F32, { ...one, precision: 'bf16' }, Float32Array.of(8), close, shape);
    expect(f32.probabilities[1]).toBeGreaterThan(f32.probabilities[0]);
    expect(Array.from(bf16.probabilities)).toEqual([0.5, 0.5]);
  });

  it('jitters every element by its own factor within epsilon, none at evaluation', () => {
    expect(scoresOf(F32, PLAIN, x, weight).jittered).toEqual(x);
    const ones = new Float64Array(240).fill(1);
    const factors = scoresOf(F64, JITTERED, ones, Float64Array.from(weight)).jittered;
    expect(new Set(factors).size).toBe(240);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.99);
    expect(Math.max(...factors)).toBeLessThan(1.01);
    const mean = Array.from(factors).reduce((sum, factor) => sum + factor, 0) / 240;
    // Five standard deviations of the mean of 240 uniform numbers.
    expect(Math.abs(mean - 1)).toBeLessThan((5 * 0.01) / Math.sqrt(3 * 240));
  });

  it('jitters a token alike in any shard, and otherwise in another step, layer or seed', () => {
    const whole = scoresOf(F32, JITTERED, x, weight);
    const shard = { tokens: 3, dModel: 24, experts: 7 };
    const part = scoresOf(F32, { ...JITTERED, tokens: [TOKENS[8], TOKENS[2], TOKENS[5]] }, rows([8, 2, 5]), weight, shard);
    expect(part.logits).toEqual(Float32Array.from([8, 2, 5].flatMap((s) => Array.from(whole.logits.subarray(7 * s, 7 * s + 7)))));
    for (const other of [
      { ...JITTERED, layer: 5 },
      { ...JITTERED, jitter: { epsilon: JITTER_EPSILON, seed: 8, step: 2 } },
      { ...JITTERED, jitter: { epsilon: JITTER_EPSILON, seed: 7, step: 3 } },
    ])
      expect(scoresOf(F32, other, x, weight).logits.filter((logit, i) => logit === whole.logits[i]).length).toBeLessThan(7);
  });

  it.each([
    ['NaN', Number.NaN, 'NaN'],
    ['an infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['an overflow', -3.4e38, '-Infinity'],
  ])('refuses %s by layer, token and expert', (_, value, shown) => {
    const spoilt = x.slice();
    const ones = new Float32Array(168).fill(1);
    spoilt[24 * 6] = value;
    spoilt[24 * 6 + 1] = value;
    expect(() => scoresOf(F32, PLAIN, spoilt, ones)).toThrow(
      `routerScores: logit at layer 4, token 530, expert 0 must be finite, is ${shown}`,
    );
  });

  it('refuses what does not fit', () => {
    expect(() => scoresOf(F32, { ...PLAIN, tokens: [1] }, x, weight)).toThrow(
      'routerScores: options.tokens must be one for each of 10 tokens, is 1',
    );
    expect(() => scoresOf(F32, { ...PLAIN, jitter: { epsilon: 1, seed: 1, step: 0 } }, x, weight)).toThrow('routerScores: jitter.epsilon');
    expect(() => scoresOf(F32, PLAIN, x, x)).toThrow('routerScores: weight must have 168 elements (24 dModel x 7 experts), has 240');
  });
});

function rows(which: readonly number[]): Float32Array {
  return Float32Array.from(which.flatMap((s) => Array.from(x.subarray(24 * s, 24 * s + 24))));
}
