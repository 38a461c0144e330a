import {
  attention,
  attentionBackward,
  attentionLayer,
  attentionLayerBackward,
  attentionLayerSaved,
  linear,
  linearBackward,
  type Numerics,
  type Reals,
  relativeBias,
  relativeBiasBackward,
  relativePositionBucket,
  rmsNorm,
  rmsNormBackward,
  rotary,
  rotaryAngles,
  rotaryBackward,
  softmax,
  softmaxBackward,
} from '../../../src/kernels/index.ts';
import { type Outputs, reals } from './print.ts';

/** Attention and what stands around it. */
export function attentionOutputs(numerics: Numerics): Outputs {
  return { ...rowOutputs(numerics), ...positionOutputs(numerics), ...headOutputs(numerics), ...layerOutputs(numerics) };
}

const like = (numerics: Numerics, tensor: Reals): Reals => numerics.zeros(tensor.length);

function rowOutputs(numerics: Numerics): Outputs {
  const sizes = { rows: 5, inputs: 13, outputs: 7 };
  const x = reals(numerics, 1, 5 * 13, 3);
  const weight = reals(numerics, 2, 13 * 7);
  const bias = reals(numerics, 3, 7);
  const dy = reals(numerics, 4, 5 * 7);
  const y = like(numerics, dy);
  linear(numerics, sizes, { x, weight, bias }, y);
  const gradients = { dx: like(numerics, x), dWeight: like(numerics, weight), dBias: like(numerics, bias) };
  linearBackward(numerics, sizes, { x, weight }, dy, gradients);

  const gain = reals(numerics, 5, 13);
  const normed = { y: like(numerics, x), inverseRms: numerics.zeros(5) };
  rmsNorm(numerics, { rows: 5, dModel: 13 }, { x, gain }, normed);
  const ofNorm = { dx: like(numerics, x), dGain: like(numerics, gain) };
  rmsNormBackward(numerics, { rows: 5, dModel: 13 }, { x, gain }, normed.inverseRms, reals(numerics, 6, 5 * 13), ofNorm);

  const columns = { rows: 5, columns: 13 };
  const probabilities = like(numerics, x);
  const statistics = numerics.zeros(10);
  softmax(numerics, columns, x, probabilities, statistics);
  const ofSoftmax = like(numerics, x);
  softmaxBackward(numerics, columns, probabilities, reals(numerics, 7, 5 * 13), ofSoftmax);
  return {
    linear: [y],
    linearBackward: Object.values(gradients),
    rmsNorm: Object.values(normed),
    rmsNormBackward: Object.values(ofNorm),
    softmax: [probabilities, statistics],
    softmaxBackward: [ofSoftmax],
  };
}

function positionOutputs(numerics: Numerics): Outputs {
  const buckets = { buckets: 32, maxDistance: 128, bidirectional: true };
  const shape = { ...buckets, heads: 2, queries: 9, keys: 40 };
  const bias = numerics.zeros(2 * 9 * 40);
  relativeBias(numerics, shape, reals(numerics, 8, 32 * 2), bias);
  const dTable = numerics.zeros(32 * 2);
  relativeBiasBackward(numerics, shape, reals(numerics, 9, bias.length), dTable);
  const distances = Array.from({ length: 601 }, (_, i) => i - 300);
  const found = [true, false].map((bidirectional) => distances.map((d) => relativePositionBucket({ ...buckets, bidirectional }, d)));

  const turned = { rows: 4, heads: 3, headDim: 10 };
  const angles = { cosines: numerics.zeros(4 * 5), sines: numerics.zeros(4 * 5) };
  rotaryAngles(numerics, turned, Int32Array.of(0, 1, 777, 131_071), angles);
  const x = reals(numerics, 10, 4 * 3 * 10);
  const y = like(numerics, x);
  const dx = like(numerics, x);
  rotary(numerics, turned, x, angles, y);
  rotaryBackward(numerics, turned, angles, reals(numerics, 11, x.length), dx);
  return {
    relativeBias: [bias],
    relativeBiasBackward: [dTable],
    relativePositionBucket: found,
    rotaryAngles: Object.values(angles),
    rotary: [y],
    rotaryBackward: [dx],
  };
}

/** Bidirectional with padding and a bias, causal, and grouped queries across two sequences. */
function headOutputs(numerics: Numerics): Outputs {
  const common = { batch: 2, queries: 5, keys: 5, heads: 4, kvHeads: 4, headDim: 6, causal: false };
  const shapes = [common, { ...common, causal: true, scale: 1 }, { ...common, keys: 9, kvHeads: 2 }];
  const [forward, backward]: [Reals[], Reals[]] = [[], []];
  for (const [i, shape] of shapes.entries()) {
    const { batch, queries, keys, heads, kvHeads, headDim } = shape;
    const q = reals(numerics, 12, batch * queries * heads * headDim);
    const [k, v] = [13, 14].map((seed) => reals(numerics, seed, batch * keys * kvHeads * headDim));
    const bias = i === 0 ? reals(numerics, 15, heads * queries * keys) : null;
    const keyMask = i === 0 ? Uint8Array.from({ length: batch * keys }, (_, key) => (key % 7 === 3 ? 0 : 1)) : null;
    const inputs = { q, k, v, bias, keyMask };
    const outputs = { probabilities: numerics.zeros(batch * heads * queries * keys), context: like(numerics, q) };
    attention(numerics, shape, inputs, outputs);
    const dBias = bias === null ? null : like(numerics, bias);
    const gradients = { dq: like(numerics, q), dk: like(numerics, k), dv: like(numerics, v), dBias };
    attentionBackward(numerics, shape, inputs, outputs.probabilities, reals(numerics, 16, q.length), gradients);
    forward.push(outputs.probabilities, outputs.context);
    backward.push(...Object.values(gradients).filter((gradient) => gradient !== null));
  }
  return { attention: forward, attentionBackward: backward };
}

/** Causal self-attention with rotary embedding. */
function layerOutputs(numerics: Numerics): Outputs {
  const shape = { batch: 2, queries: 6, keys: 6, heads: 2, kvHeads: 1, headDim: 4, causal: true, dModel: 10, rotaryBase: 10_000 };
  const sizes = { gain: 10, query: 10 * 8, key: 10 * 4, value: 10 * 4, output: 8 * 10 };
  const weights = { gain: reals(numerics, 17, sizes.gain), ...projections((seed, n) => reals(numerics, seed, n)) };
  const inputs = { x: reals(numerics, 22, 2 * 6 * 10), memory: null, bias: null, keyMask: null };
  const saved = attentionLayerSaved(numerics, shape);
  const y = like(numerics, inputs.x);
  attentionLayer(numerics, shape, weights, inputs, saved, y);
  const dWeights = { gain: numerics.zeros(sizes.gain), ...projections((_, n) => numerics.zeros(n)) };
  const gradients = { dx: like(numerics, y), dMemory: null, dBias: null, dWeights };
  attentionLayerBackward(numerics, shape, weights, inputs, saved, reals(numerics, 23, y.length), gradients);
  return { attentionLayer: [y], attentionLayerBackward: [gradients.dx, ...Object.values(dWeights)] };

  function projections(make: (seed: number, elements: number) => Reals): Record<'query' | 'key' | 'value' | 'output', Reals> {
    return { query: make(18, sizes.query), key: make(19, sizes.key), value: make(20, sizes.value), output: make(21, sizes.output) };
  }
}
