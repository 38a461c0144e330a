import { describe, expect, it } from 'vitest';
import {
  type AttentionLayerInputs,
  type AttentionLayerShape,
  attentionLayer,
  attentionLayerBackward,
  attentionLayerSaved,
  BF16,
  F32,
  F64,
  type Numerics,
  type Reals,
  relativeBias,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

const SELF: AttentionLayerShape = {
  batch: 2,
  queries: 3,
  keys: 3,
  dModel: 5,
  heads: 4,
  kvHeads: 2,
  headDim: 2,
  causal: true,
  rotaryBase: 10_000,
};
const CROSS: AttentionLayerShape = { ...SELF, keys: 4, kvHeads: 4, causal: false, scale: 1, rotaryBase: null };
const ENCODER: AttentionLayerShape = { ...SELF, kvHeads: 4, causal: false, scale: 1, rotaryBase: null };
/** The last key of the first sequence is padding. */
const CROSS_MASK = Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1);

const KINDS = [
  { kind: 'causal, grouped queries, rotary (as in Llama)', shape: SELF, crosses: false, biased: false, keyMask: null },
  { kind: 'bidirectional with bias (T5 encoder)', shape: ENCODER, crosses: false, biased: true, keyMask: null },
  { kind: 'across sequences, padded (T5 decoder)', shape: CROSS, crosses: true, biased: false, keyMask: CROSS_MASK },
] as const;
type Kind = (typeof KINDS)[number];

function tensorsOf(numerics: Numerics, { shape, crosses, biased, keyMask }: Kind, seed: number) {
  const { batch, queries, keys, dModel, heads, kvHeads, headDim } = shape;
  const draw = (n: number, elements: number): Reals => stored(numerics, randomReals(seed + n, elements));
  const weights = {
    gain: draw(0, dModel),
    query: draw(1, dModel * heads * headDim),
    key: draw(2, dModel * kvHeads * headDim),
    value: draw(3, dModel * kvHeads * headDim),
    output: draw(4, heads * headDim * dModel),
  };
  const inputs: AttentionLayerInputs = {
    x: draw(5, batch * queries * dModel),
    memory: crosses ? draw(6, batch * keys * dModel) : null,
    bias: biased ? draw(7, heads * queries * keys) : null,
    keyMask,
  };
  return { weights, inputs };
}

const zeros = (numerics: Numerics, tensor: Reals | null): Reals | null => (tensor === null ? null : numerics.zeros(tensor.length));

/** y and all gradients by name. */
function run(numerics: Numerics, kind: Kind, seed: number): Record<string, Reals> {
  const { weights, inputs } = tensorsOf(numerics, kind, seed);
  const saved = attentionLayerSaved(numerics, kind.shape);
  const y = numerics.zeros(inputs.x.length).fill(Number.NaN);
  attentionLayer(numerics, kind.shape, weights, inputs, saved, y);
  const dWeights = {
    gain: numerics.zeros(weights.gain.length),
    query: numerics.zeros(weights.query.length),
    key: numerics.zeros(weights.key.length),
    value: numerics.zeros(weights.value.length),
    output: numerics.zeros(weights.output.length),
  };
  const gradients = { dx: numerics.zeros(inputs.x.length), dMemory: zeros(numerics, inputs.memory), dBias: zeros(numerics, inputs.bias) };
  const dy = stored(numerics, randomReals(seed + 8, y.length));
  attentionLayerBackward(numerics, kind.shape, weights, inputs, saved, dy, { ...gradients, dWeights });
  const given = Object.entries({ y, ...gradients, ...dWeights }).filter((entry): entry is [string, Reals] => entry[1] !== null);
  return Object.fromEntries(given);
}

describe.each(KINDS)('attention layer: $kind', (kind) => {
  it('has the gradient of finite differences, of every input and weight', () => {
    const { weights, inputs } = tensorsOf(F64, kind, 90);
    const saved = attentionLayerSaved(F64, kind.shape);
    const { x, memory, bias } = inputs;
    const given = Object.entries({ x, memory, bias, ...weights }).filter((entry) => entry[1] !== null);
    const looked = checkGradients({
      inputs: Object.fromEntries(given) as Record<string, Float64Array>,
      outputs: x.length,
      forward: (y) => attentionLayer(F64, kind.shape, weights, inputs, saved, y),
      backward: (dy, { x: dx, memory, bias, gain, query, key, value, output }) =>
        attentionLayerBackward(F64, kind.shape, weights, inputs, saved, dy, {
          dx,
          dMemory: memory ?? null,
          dBias: bias ?? null,
          dWeights: { gain, query, key, value, output },
        }),
    });
    const elements = given.reduce((sum, [, tensor]) => sum + (tensor?.length ?? 0), 0);
    // Padding of the memory has no gradient.
    expect(looked).toBe(elements - (kind.keyMask === null ? 0 : kind.shape.dModel));
  });

  it('in f32 is close to f64; in bf16 it hands on bf16 numbers and keeps weight gradients in f32', () => {
    const exact = run(F64, kind, 100);
    const single = run(F32, kind, 100);
    const half = run(BF16, kind, 100);
    expect(Object.keys(single)).toEqual(Object.keys(exact));
    for (const [name, tensor] of Object.entries(exact)) {
      expect(relativeDifference(single[name], tensor), name).toBeLessThan(5e-6);
      expect(relativeDifference(half[name], tensor), name).toBeLessThan(2 ** -4);
      if (['y', 'dx', 'dMemory'].includes(name)) expectBf16(half[name]);
      else expect(() => expectBf16(half[name]), name).toThrow();
    }
  });

  it('is the identity when nothing is projected back, and then passes gradients on', () => {
    const { weights, inputs } = tensorsOf(F32, kind, 110);
    const saved = attentionLayerSaved(F32, kind.shape);
    const y = F32.zeros(inputs.x.length);
    const silent = { ...weights, output: F32.zeros(weights.output.length) };
    attentionLayer(F32, kind.shape, silent, inputs, saved, y);
    expect(y).toEqual(inputs.x);
  });
});

describe('attention layer', () => {
  it('gives what was computed by hand: one head, one element, two tokens', () => {
    // A token of one element is +-1 after its norm (but for epsilon): q = k = n, v = 2 n, scores +-1.
    const shape: AttentionLayerShape = {
      batch: 1,
      queries: 2,
      keys: 2,
      dModel: 1,
      heads: 1,
      kvHeads: 1,
      headDim: 1,
      causal: false,
      rotaryBase: null,
    };
    const one = Float64Array.of(1);
    const weights = { gain: one, query: one, key: one, value: Float64Array.of(2), output: Float64Array.of(10) };
    const y = new Float64Array(2);
    const inputs = { x: Float64Array.of(5000, -3000), memory: null, bias: null, keyMask: null };
    attentionLayer(F64, shape, weights, inputs, attentionLayerSaved(F64, shape), y);
    const share = 1 / (1 + Math.exp(-2));
    const pull = 10 * 2 * (share - (1 - share));
    expect(y[0]).toBeCloseTo(5000 + pull, 8);
    expect(y[1]).toBeCloseTo(-3000 - pull, 8);
  });

  it('without positions does not know the order of keys; with rotary or bias it does', () => {
    const x = randomReals(120, 15);
    const swapped = Float64Array.of(...x.subarray(5, 10), ...x.subarray(0, 5), ...x.subarray(10));
    const base = { ...SELF, batch: 1, causal: false };
    const bias = new Float64Array(36);
    const buckets = { buckets: 32, maxDistance: 128, bidirectional: true };
    relativeBias(F64, { ...buckets, heads: 4, queries: 3, keys: 3 }, randomReals(121, 128), bias);
    const lastToken = (shape: AttentionLayerShape, tokens: Float64Array, positionBias: Float64Array | null): Float64Array => {
      const { weights } = tensorsOf(F64, { ...KINDS[0], shape: SELF }, 122);
      const y = new Float64Array(15);
      const inputs = { x: tokens, memory: null, bias: positionBias, keyMask: null };
      attentionLayer(F64, shape, weights, inputs, attentionLayerSaved(F64, shape), y);
      return y.subarray(10);
    };
    const change = (shape: AttentionLayerShape, positionBias: Float64Array | null): number =>
      relativeDifference(lastToken(shape, swapped, positionBias), lastToken(shape, x, positionBias));
    expect(change({ ...base, rotaryBase: null }, null)).toBeLessThan(1e-14);
    expect(change({ ...base, rotaryBase: 10_000 }, null)).toBeGreaterThan(1e-3);
    expect(change({ ...base, rotaryBase: null }, bias)).toBeGreaterThan(1e-3);
  });

  it('gives equal sequences of a batch equal bits: each starts at position 0', () => {
    const kind = { ...KINDS[0], shape: { ...SELF, batch: 3 } };
    const { weights, inputs } = tensorsOf(F32, kind, 140);
    inputs.x.copyWithin(30, 0, 15);
    const y = F32.zeros(45);
    attentionLayer(F32, kind.shape, weights, inputs, attentionLayerSaved(F32, kind.shape), y);
    expect(y.subarray(30)).toEqual(y.subarray(0, 15));
    expect(y.subarray(15, 30)).not.toEqual(y.subarray(0, 15));
  });

  it('names what does not fit', () => {
    const { weights, inputs } = tensorsOf(F64, KINDS[2], 130);
    const saved = attentionLayerSaved(F64, CROSS);
    const y = new Float64Array(30);
    expect(() => attentionLayer(F64, CROSS, weights, { ...inputs, memory: null }, saved, y)).toThrow(
      'attentionLayer: keys must equal queries = 3 in self-attention, is 4',
    );
    expect(() => attentionLayer(F64, { ...SELF, firstQuery: 2 }, weights, { ...inputs, memory: null }, saved, y)).toThrow(
      'attentionLayer: firstQuery must be 0 in self-attention, whose keys are its queries, is 2',
    );
    expect(() => attentionLayer(F64, { ...CROSS, rotaryBase: 10_000 }, weights, inputs, saved, y)).toThrow(
      'attentionLayer: rotaryBase must be null in cross-attention, is 10000',
    );
    expect(() => attentionLayer(F64, CROSS, weights, inputs, saved, new Float64Array(29))).toThrow(
      'attentionLayer: y must have 30 elements (2 batch x 3 queries x 5 dModel), has 29',
    );
    const gradients = { dx: y, dMemory: null, dBias: null, dWeights: weights };
    expect(() => attentionLayerBackward(F64, CROSS, weights, inputs, saved, y, gradients)).toThrow('attentionLayerBackward: dMemory must');
  });
});
