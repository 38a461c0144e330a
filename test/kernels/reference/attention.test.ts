import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttentionShape, attention, attentionBackward, BF16, F32, F64 } from '../../../src/kernels/index.ts';
import { randomContextGradient, randomInputs, runAttention } from './attention-support.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference } from './tensors.ts';

const ONE: AttentionShape = { batch: 1, queries: 1, keys: 2, heads: 1, kvHeads: 1, headDim: 1, causal: false, scale: 1 };
const TENSORS = ['probabilities', 'context', 'dq', 'dk', 'dv', 'dBias'] as const;

const shapes = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    queries: fc.integer({ min: 1, max: 4 }),
    keys: fc.integer({ min: 2, max: 6 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
    headDim: fc.integer({ min: 1, max: 3 }),
    causal: fc.boolean(),
    firstQuery: fc.integer({ min: 0, max: 3 }),
    ofT5: fc.boolean(),
    masked: fc.boolean(),
    seed: fc.nat(1e6),
  })
  .map(({ group, ofT5, ...rest }) => ({ ...rest, heads: rest.kvHeads * group, ...(ofT5 ? { scale: 1 } : {}) }));

/** About two thirds of the keys; which ones depends on the seed. */
function someKeys({ batch, keys }: AttentionShape, seed: number): Uint8Array {
  return Uint8Array.from(randomReals(seed, batch * keys), (value) => (value > -0.3 ? 1 : 0));
}

describe('attention', () => {
  it('gives what was computed by hand', () => {
    // Scores 0 and ln 3: shares 1/4 and 3/4.
    const inputs = { q: Float64Array.of(1), k: Float64Array.of(0, Math.log(3)), v: Float64Array.of(4, 8), bias: null, keyMask: null };
    const { probabilities, context, dq, dk, dv } = runAttention(F64, ONE, inputs, Float64Array.of(1));
    const close = (own: ArrayLike<number>, expected: number[]) => expect(relativeDifference(own, expected)).toBeLessThan(1e-15);
    close(probabilities, [0.25, 0.75]);
    close(context, [7]);
    close(dv, [0.25, 0.75]);
    // ds = p (dp - 7) with dp = v.
    close(dk, [-0.75, 0.75]);
    close(dq, [0.75 * Math.log(3)]);
  });

  it('divides scores by the root of headDim, unless told otherwise', () => {
    const shape = { ...ONE, headDim: 4, scale: undefined };
    const inputs = {
      q: Float64Array.of(2, 0, 0, 0),
      k: Float64Array.of(0, 0, 0, 0, Math.log(3), 0, 0, 0),
      v: new Float64Array(8),
      bias: Float64Array.of(0, 0),
      keyMask: null,
    };
    const probabilities = new Float64Array(2);
    attention(F64, shape, inputs, { probabilities, context: new Float64Array(4) });
    expect(probabilities[1]).toBeCloseTo(0.75, 15);
    attention(F64, { ...shape, scale: 1 }, inputs, { probabilities, context: new Float64Array(4) });
    expect(probabilities[1]).toBeCloseTo(0.9, 15);
  });

  it('has the gradient of finite differences: all kinds, masks, groups, biases', () => {
    let looked = 0;
    fc.assert(
      fc.property(shapes, ({ seed, masked, ...shape }) => {
        const { q, k, v, bias } = randomInputs(F64, shape, seed);
        const inputs = { q, k, v, bias, keyMask: masked ? someKeys(shape, seed) : null };
        const probabilities = new Float64Array(shape.batch * bias.length);
        looked += checkGradients({
          inputs: { q, k, v, bias } as Record<string, Float64Array>,
          outputs: q.length,
          forward: (context) => attention(F64, shape, inputs, { probabilities, context }),
          backward: (dContext, { q: dq, k: dk, v: dv, bias: dBias }) =>
            attentionBackward(F64, shape, inputs, probabilities, dContext, { dq, dk, dv, dBias }),
          // A query that sees one key gives it everything, whatever its score.
          mayVanish: shape.causal || masked ? ['q', 'k', 'v', 'bias'] : [],
        });
      }),
      { numRuns: 30, seed: 10 },
    );
    expect(looked).toBeGreaterThan(1000);
  });

  it('in f32 is close to f64, in bf16 it hands on bf16 numbers', () => {
    const shape = { batch: 2, queries: 7, keys: 9, heads: 4, kvHeads: 2, headDim: 8, causal: false };
    const dContext = randomContextGradient(BF16, shape, 50);
    const inputs = randomInputs(BF16, shape, 41);
    const wide = { ...inputs, q: Float64Array.from(inputs.q), k: Float64Array.from(inputs.k), v: Float64Array.from(inputs.v) };
    const exact = runAttention(F64, shape, wide, dContext);
    const single = runAttention(F32, shape, inputs, dContext);
    const half = runAttention(BF16, shape, inputs, dContext);
    for (const name of TENSORS) {
      expect(relativeDifference(single[name], exact[name])).toBeLessThan(2e-6);
      expect(relativeDifference(half[name], exact[name])).toBeLessThan(2 ** -5);
      if (name !== 'dBias') expectBf16(half[name]);
    }
    // Summed over two sequences in f32.
    expect(() => expectBf16(half.dBias)).toThrow();
  });
});

describe('causal attention', () => {
  const shape = { batch: 1, queries: 5, keys: 5, heads: 2, kvHeads: 2, headDim: 3, causal: true };
  const dContext = randomContextGradient(F32, shape, 60);

  it('gives the first position its own value, and nobody a look ahead', () => {
    const inputs = randomInputs(F32, shape, 61);
    const before = runAttention(F32, shape, inputs, dContext);
    expect(before.context.subarray(0, 6)).toEqual(inputs.v.subarray(0, 6));
    for (let h = 0; h < 2; h++)
      for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) expect(before.probabilities[(h * 5 + i) * 5 + j] > 0).toBe(j <= i);
    const later = { ...inputs, k: inputs.k.slice().fill(Number.NaN, 18), v: inputs.v.slice().fill(Number.NaN, 18) };
    const after = runAttention(F32, shape, later, dContext);
    expect(after.context.subarray(0, 18)).toEqual(before.context.subarray(0, 18));
    expect(after.dq.subarray(0, 18)).toEqual(before.dq.subarray(0, 18));
    expect(after.context[18]).toBeNaN();
  });

  it('gives the same bits when queries are cut into calls', () => {
    const inputs = { ...randomInputs(F32, shape, 62), bias: null };
    const whole = runAttention(F32, shape, inputs, dContext);
    const part = { ...shape, queries: 2, firstQuery: 3 };
    const own = runAttention(F32, part, { ...inputs, q: inputs.q.subarray(18) }, dContext.subarray(18));
    expect(own.context).toEqual(whole.context.subarray(18));
    expect(own.dq).toEqual(whole.dq.subarray(18));
  });
});

describe('masked attention', () => {
  const shape = { batch: 1, queries: 3, keys: 6, heads: 2, kvHeads: 1, headDim: 2, causal: false };
  const short = { ...shape, keys: 4 };
  const dContext = randomContextGradient(F32, shape, 70);

  it('equals attention to the keys that are there, to the bit, whatever the padding holds', () => {
    const inputs = { ...randomInputs(F32, shape, 71), bias: null, keyMask: Uint8Array.of(1, 1, 1, 1, 0, 0) };
    const padded = { ...inputs, k: inputs.k.slice().fill(Number.NaN, 8), v: inputs.v.slice().fill(Number.POSITIVE_INFINITY, 8) };
    const own = runAttention(F32, shape, padded, dContext);
    const expected = runAttention(
      F32,
      short,
      { ...inputs, k: inputs.k.subarray(0, 8), v: inputs.v.subarray(0, 8), keyMask: null },
      dContext,
    );
    for (const name of ['context', 'dq'] as const) expect(own[name]).toEqual(expected[name]);
    for (const name of ['dk', 'dv'] as const) {
      expect(own[name].subarray(0, 8)).toEqual(expected[name]);
      expect(Array.from(own[name].subarray(8))).toEqual([0, 0, 0, 0]);
    }
  });

  it('gives a query that sees no key zeros, forward and backward', () => {
    const own = runAttention(F32, shape, { ...randomInputs(F32, shape, 72), keyMask: new Uint8Array(6) }, dContext);
    for (const name of TENSORS) expect(own[name].every((value) => value === 0)).toBe(true);
  });

  it('shares equally among equal scores', () => {
    const inputs = { ...randomInputs(F32, shape, 73), bias: null, keyMask: Uint8Array.of(1, 0, 1, 0, 1, 1) };
    inputs.k.fill(0.5);
    const { probabilities } = runAttention(F32, shape, inputs, dContext);
    for (let row = 0; row < 6; row++)
      expect(Array.from(probabilities.subarray(row * 6, row * 6 + 6))).toEqual([0.25, 0, 0.25, 0, 0.25, 0.25]);
  });
});

describe('grouped-query attention', () => {
  it('equals attention with repeated key and value heads, whose gradients it adds up', () => {
    const shape = { batch: 2, queries: 3, keys: 4, heads: 6, kvHeads: 2, headDim: 2, causal: false };
    const inputs = randomInputs(F64, shape, 81);
    const dContext = randomContextGradient(F64, shape, 84);
    const repeated = (tensor: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: 96 }, (_, n) => tensor[(Math.floor(n / 12) * 2 + Math.floor((n % 12) / 6)) * 2 + (n % 2)]);
    const own = runAttention(F64, shape, inputs, dContext);
    const full = runAttention(F64, { ...shape, kvHeads: 6 }, { ...inputs, k: repeated(inputs.k), v: repeated(inputs.v) }, dContext);
    for (const name of ['probabilities', 'context', 'dq', 'dBias'] as const) expect(own[name]).toEqual(full[name]);
    for (const name of ['dk', 'dv'] as const) {
      const summed = Float64Array.from({ length: 32 }, (_, n) => {
        const first = Math.floor(n / 4) * 12 + Math.floor((n % 4) / 2) * 6 + (n % 2);
        return full[name][first] + full[name][first + 2] + full[name][first + 4];
      });
      expect(relativeDifference(own[name], summed)).toBeLessThan(1e-14);
    }
  });
});

describe('attention to wrong shapes', () => {
  const inputs = { q: new Float64Array(1), k: new Float64Array(2), v: new Float64Array(2), bias: null, keyMask: null };
  const outputs = { probabilities: new Float64Array(2), context: new Float64Array(1) };

  it('names function, argument, bound and value', () => {
    const refused = (change: Partial<AttentionShape>, words: string) =>
      expect(() => attention(F64, { ...ONE, ...change }, inputs, outputs)).toThrow(words);
    refused({ keys: 3 }, 'attention: k must have 3 elements (1 batch x 3 keys x 1 kvHeads x 1 headDim), has 2');
    refused({ heads: 4, kvHeads: 3 }, 'attention: kvHeads must divide heads = 4, is 3');
    refused({ queries: 0 }, 'attention: queries must be a whole number of at least 1, is 0');
    refused({ scale: Number.NaN }, 'attention: scale must be finite, is NaN');
    const gradients = { dq: new Float64Array(1), dk: new Float64Array(2), dv: new Float64Array(3), dBias: null };
    expect(() => attentionBackward(F64, ONE, inputs, outputs.probabilities, outputs.context, gradients)).toThrow(
      'attentionBackward: dv must',
    );
  });
});
