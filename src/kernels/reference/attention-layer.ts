import type { Numerics, Reals } from '../numerics.ts';
import { type AttentionShape, attention, attentionBackward } from './attention.ts';
import { expectTensor, expectThat, expectWhole } from './check-shape.ts';
import { type LinearShape, linear, linearBackward } from './linear.ts';
import { rmsNorm, rmsNormBackward } from './rms-norm.ts';
import { type RotaryAngles, type RotaryShape, rotary, rotaryAngles, rotaryBackward } from './rotary.ts';

/**
 * A complete attention sub-layer with the norm before and the residual after it, as in T5 (google-research/t5x, t5x/examples/t5/network.py).
 *
 * B batch, Q queries, K keys, H heads, G kvHeads, D headDim, M dModel; x, y [B, Q, M]; memory [B, K, M] or null.
 *   weights: gain [M]   query [M, H D]   key, value [M, G D]   output [H D, M]
 *   n = rmsNorm(x)   q = n query   k = z key   v = z value, where z is n, or memory in cross-attention (the encoder's output, normed there)
 *   q, k = rotary(q), rotary(k) where rotaryBase is given   c = attention(q, k, v, bias)   y = x + c output
 *   backward: dy -> dOutput, dc -> dq, dk, dv, dBias -> the opposite turn -> dQuery, dKey, dValue, dn, dz -> dGain, dx += dy + (norm's)
 *
 * Every arrow is stored in the arithmetic of the layer. dz adds up query, key, value in this order. What a residual adds comes from a sum that starts with 0, so that
 * no -0 does.
 */
export interface AttentionLayerShape extends AttentionShape {
  /** M */
  readonly dModel: number;
  /** Null where no rotary embedding is used, as in T5, whose positions come in by the bias. Self-attention only. */
  readonly rotaryBase: number | null;
}

/** The layer's weights, or their gradients. */
export interface AttentionLayerWeights {
  readonly gain: Reals;
  readonly query: Reals;
  readonly key: Reals;
  readonly value: Reals;
  readonly output: Reals;
}

export interface AttentionLayerInputs {
  readonly x: Reals;
  /** Null in self-attention. */
  readonly memory: Reals | null;
  /** [H, Q, K] or null */
  readonly bias: Reals | null;
  /** [B, K] or null, 0 where a key is padding */
  readonly keyMask: Uint8Array | null;
}

export interface AttentionLayerGradients {
  readonly dx: Reals;
  readonly dMemory: Reals | null;
  readonly dBias: Reals | null;
  readonly dWeights: AttentionLayerWeights;
}

/** What forward writes and backward reads. */
export interface AttentionLayerSaved {
  readonly normed: Reals;
  readonly inverseRms: Reals;
  readonly q: Reals;
  readonly k: Reals;
  readonly v: Reals;
  readonly probabilities: Reals;
  readonly context: Reals;
  readonly angles: RotaryAngles | null;
}

export function attentionLayerSaved(numerics: Numerics, shape: AttentionLayerShape): AttentionLayerSaved {
  const { batch, queries, keys, heads, dModel, headDim, rotaryBase } = shape;
  const { query, key } = projections(shape);
  const angles = (): Reals => numerics.zeros((batch * queries * headDim) / 2);
  return {
    normed: numerics.zeros(batch * queries * dModel),
    inverseRms: numerics.zeros(batch * queries),
    q: numerics.zeros(query.rows * query.outputs),
    k: numerics.zeros(key.rows * key.outputs),
    v: numerics.zeros(key.rows * key.outputs),
    probabilities: numerics.zeros(batch * heads * queries * keys),
    context: numerics.zeros(query.rows * query.outputs),
    angles: rotaryBase === null ? null : { cosines: angles(), sines: angles() },
  };
}

export function attentionLayer(
  numerics: Numerics,
  shape: AttentionLayerShape,
  weights: AttentionLayerWeights,
  { x, memory, bias, keyMask }: AttentionLayerInputs,
  saved: AttentionLayerSaved,
  y: Reals,
): void {
  checkAttentionLayer('attentionLayer', shape, x, memory, y);
  const { normed, inverseRms, q, k, v, probabilities, context, angles } = saved;
  const { query, key, output } = projections(shape);
  const source = memory ?? normed;
  rmsNorm(numerics, { rows: query.rows, dModel: shape.dModel }, { x, gain: weights.gain }, { y: normed, inverseRms });
  linear(numerics, query, { x: normed, weight: weights.query, bias: null }, q);
  linear(numerics, key, { x: source, weight: weights.key, bias: null }, k);
  linear(numerics, key, { x: source, weight: weights.value, bias: null }, v);
  if (angles !== null) {
    const turns = rotations(shape);
    rotaryAngles(numerics, turns.query, positionsOf(shape), angles);
    rotary(numerics, turns.query, q, angles, q);
    rotary(numerics, turns.key, k, angles, k);
  }
  attention(numerics, shape, { q, k, v, bias, keyMask }, { probabilities, context });
  linear(numerics, output, { x: context, weight: weights.output, bias: null }, y);
  for (let n = 0; n < y.length; n++) y[n] = numerics.store(y[n] + (0 + x[n]));
}

export function attentionLayerBackward(
  numerics: Numerics,
  shape: AttentionLayerShape,
  weights: AttentionLayerWeights,
  { x, memory, bias, keyMask }: AttentionLayerInputs,
  saved: AttentionLayerSaved,
  dy: Reals,
  { dx, dMemory, dBias, dWeights }: AttentionLayerGradients,
): void {
  checkAttentionLayer('attentionLayerBackward', shape, x, memory, dy);
  expectThat((memory === null) === (dMemory === null), 'attentionLayerBackward', 'dMemory', 'must be given if memory is', String(dMemory));
  const { normed, inverseRms, q, k, v, probabilities, context, angles } = saved;
  const { query, key, output } = projections(shape);
  const like = (tensor: Reals): Reals => numerics.zeros(tensor.length);
  const dContext = like(context);
  linearBackward(numerics, output, { x: context, weight: weights.output }, dy, { dx: dContext, dWeight: dWeights.output, dBias: null });
  let dq = like(q);
  let dk = like(k);
  const dv = like(v);
  attentionBackward(numerics, shape, { q, k, v, bias, keyMask }, probabilities, dContext, { dq, dk, dv, dBias });
  if (angles !== null) {
    const turns = rotations(shape);
    dq = turnedBack(numerics, turns.query, angles, dq);
    dk = turnedBack(numerics, turns.key, angles, dk);
  }
  const dNormed = like(normed);
  const source = memory ?? normed;
  const dSource = dMemory ?? dNormed;
  linearBackward(numerics, query, { x: normed, weight: weights.query }, dq, { dx: dNormed, dWeight: dWeights.query, dBias: null });
  linearBackward(numerics, key, { x: source, weight: weights.key }, dk, { dx: dSource, dWeight: dWeights.key, dBias: null });
  linearBackward(numerics, key, { x: source, weight: weights.value }, dv, { dx: dSource, dWeight: dWeights.value, dBias: null });
  for (let n = 0; n < dx.length; n++) dx[n] = numerics.store(dx[n] + (0 + dy[n]));
  const norm = { rows: query.rows, dModel: shape.dModel };
  rmsNormBackward(numerics, norm, { x, gain: weights.gain }, inverseRms, dNormed, { dx, dGain: dWeights.gain });
}

/** Shapes of the projections: queries, keys (values alike), and back. */
function projections(shape: AttentionLayerShape): Record<'query' | 'key' | 'output', LinearShape> {
  const { batch, queries, keys, heads, kvHeads, headDim, dModel } = shape;
  return {
    query: { rows: batch * queries, inputs: dModel, outputs: heads * headDim },
    key: { rows: batch * keys, inputs: dModel, outputs: kvHeads * headDim },
    output: { rows: batch * queries, inputs: heads * headDim, outputs: dModel },
  };
}

function rotations({ batch, queries, heads, kvHeads, headDim, rotaryBase }: AttentionLayerShape): Record<'query' | 'key', RotaryShape> {
  const turn = { rows: batch * queries, headDim, base: rotaryBase ?? undefined };
  return { query: { ...turn, heads }, key: { ...turn, heads: kvHeads } };
}

/** Every sequence starts at position 0. */
function positionsOf({ batch, queries }: AttentionLayerShape): Int32Array {
  return Int32Array.from({ length: batch * queries }, (_, row) => row % queries);
}

function turnedBack(numerics: Numerics, shape: RotaryShape, angles: RotaryAngles, turned: Reals): Reals {
  const straight = numerics.zeros(turned.length);
  rotaryBackward(numerics, shape, angles, turned, straight);
  return straight;
}

/** The kernels check what they are given; here stands what none of them sees. */
function checkAttentionLayer(fn: string, shape: AttentionLayerShape, x: Reals, memory: Reals | null, y: Reals): void {
  const { batch, queries, keys, dModel, rotaryBase, firstQuery = 0 } = shape;
  expectWhole(fn, 'dModel', dModel, 1);
  expectThat(memory !== null || queries === keys, fn, 'keys', `must equal queries = ${queries} in self-attention`, keys);
  expectThat(memory !== null || firstQuery === 0, fn, 'firstQuery', 'must be 0 in self-attention, whose keys are its queries', firstQuery);
  expectThat(memory === null || rotaryBase === null, fn, 'rotaryBase', 'must be null in cross-attention', String(rotaryBase));
  expectTensor(fn, 'x', x, { batch, queries, dModel });
  expectTensor(fn, 'memory', memory, { batch, keys, dModel });
  expectTensor(fn, fn === 'attentionLayer' ? 'y' : 'dy', y, { batch, queries, dModel });
}
