import type { Numerics, Reals } from '../numerics.ts';
import { expectTensor, expectThat, expectWhole } from './check-shape.ts';
import { softmax, softmaxBackward } from './softmax.ts';

/**
 * Multi-head attention (Vaswani et al. 2017, arXiv:1706.03762, equation 1), bidirectional, causal or across two sequences; with fewer key and value
 * heads than heads it is grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245).
 *
 * B batch (sequences), Q queries, K keys, H heads, G kvHeads, D headDim; head h reads kv head g(h) = floor(h G / H).
 *   q [B, Q, H, D]   k, v [B, K, G, D]   bias [H, Q, K] or null   keyMask [B, K] or null, 0 where a key is padding
 *   probabilities [B, H, Q, K]   context [B, Q, H, D]
 *   s_bhij = scale sum over d of q_bihd k_bjgd + bias_hij, minus infinity where query i does not see key j
 *   p_bhij = softmax over j of s      context_bihd = sum over j of p_bhij v_bjgd
 *   dp_bhij = sum over d of dContext_bihd v_bjgd      ds = softmax's backward of dp      dBias_hij += sum over b of ds_bhij
 *   dq_bihd += scale sum over j of ds_bhij k_bjgd     dk_bjgd += scale sum over (h of g, i) of ds_bhij q_bihd
 *   dv_bjgd += sum over (h of g, i) of p_bhij dContext_bihd
 *
 * Causal: query i stands at position firstQuery + i and sees keys up to there. A query that sees no key has probabilities and context 0. A
 * pair that is not seen takes no part, so padding may hold anything, NaN too. Scores and softmax are f32 also in a bf16 model; p and ds are rounded
 * to bf16, as they are operands of matrix products. The scale of T5 is 1 (google-research/t5x, t5x/examples/t5/layers.py, dot_product_attention).
 */
export interface AttentionShape {
  /** B */
  readonly batch: number;
  /** Q */
  readonly queries: number;
  /** K */
  readonly keys: number;
  /** H */
  readonly heads: number;
  /** G */
  readonly kvHeads: number;
  /** D */
  readonly headDim: number;
  readonly causal: boolean;
  /** Position of query 0 among the keys; 0 where left out. Matters to causal attention only. */
  readonly firstQuery?: number;
  /** 1 / sqrt(D) where left out. */
  readonly scale?: number;
}

export interface AttentionInputs {
  readonly q: Reals;
  readonly k: Reals;
  readonly v: Reals;
  readonly bias: Reals | null;
  readonly keyMask: Uint8Array | null;
}

export interface AttentionOutputs {
  /** Kept for the backward pass. */
  readonly probabilities: Reals;
  readonly context: Reals;
}

export interface AttentionGradients {
  readonly dq: Reals;
  readonly dk: Reals;
  readonly dv: Reals;
  /** f32 sums, as the bias stands for weights. */
  readonly dBias: Reals | null;
}

export function attention(numerics: Numerics, shape: AttentionShape, inputs: AttentionInputs, outputs: AttentionOutputs): void {
  const { batch, queries, keys, heads } = shape;
  checkAttention('attention', shape, inputs, outputs.probabilities);
  expectContext('attention', 'context', outputs.context, shape);
  scores(numerics, shape, inputs, outputs.probabilities);
  const rows = batch * heads * queries;
  const statistics = numerics.zeros(2 * rows);
  softmax(numerics, { rows, columns: keys }, outputs.probabilities, outputs.probabilities, statistics);
  for (let row = 0; row < rows; row++) {
    // Where no key is seen, the softmax divided nothing by nothing.
    if (statistics[row] === Number.NEGATIVE_INFINITY) outputs.probabilities.fill(0, row * keys, (row + 1) * keys);
  }
  contextOf(numerics, shape, inputs, outputs);
}

/** Whether query i of sequence b attends to key j. */
function sees({ keys, causal, firstQuery = 0 }: AttentionShape, keyMask: Uint8Array | null, b: number, i: number, j: number): boolean {
  return (!causal || j <= firstQuery + i) && (keyMask === null || keyMask[b * keys + j] !== 0);
}

function scaleOf({ round }: Numerics, { scale, headDim }: AttentionShape): number {
  return round(scale ?? 1 / round(Math.sqrt(headDim)));
}

/** target [B, H, Q, K] = s */
function scores(numerics: Numerics, shape: AttentionShape, { q, k, bias, keyMask }: AttentionInputs, target: Reals): void {
  const { round } = numerics;
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const scale = scaleOf(numerics, shape);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      for (let i = 0; i < queries; i++) {
        const query = ((b * queries + i) * heads + h) * headDim;
        const row = ((b * heads + h) * queries + i) * keys;
        for (let j = 0; j < keys; j++) {
          target[row + j] = Number.NEGATIVE_INFINITY;
          if (!sees(shape, keyMask, b, i, j)) continue;
          const key = ((b * keys + j) * kvHeads + g) * headDim;
          let sum = 0;
          for (let d = 0; d < headDim; d++) sum = round(sum + round(q[query + d] * k[key + d]));
          const scaled = round(sum * scale);
          target[row + j] = bias === null ? scaled : round(scaled + bias[(h * queries + i) * keys + j]);
        }
      }
    }
  }
}

function contextOf(numerics: Numerics, shape: AttentionShape, { v, keyMask }: AttentionInputs, outputs: AttentionOutputs): void {
  const { round, store } = numerics;
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const { probabilities, context } = outputs;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      for (let i = 0; i < queries; i++) {
        const row = ((b * heads + h) * queries + i) * keys;
        for (let d = 0; d < headDim; d++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) {
            if (!sees(shape, keyMask, b, i, j)) continue;
            sum = round(sum + round(probabilities[row + j] * v[((b * keys + j) * kvHeads + g) * headDim + d]));
          }
          context[((b * queries + i) * heads + h) * headDim + d] = store(sum);
        }
      }
    }
  }
}

export function attentionBackward(
  numerics: Numerics,
  shape: AttentionShape,
  inputs: AttentionInputs,
  probabilities: Reals,
  dContext: Reals,
  gradients: AttentionGradients,
): void {
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  checkAttention('attentionBackward', shape, inputs, probabilities);
  expectContext('attentionBackward', 'dContext', dContext, shape);
  expectContext('attentionBackward', 'dq', gradients.dq, shape);
  expectTensor('attentionBackward', 'dk', gradients.dk, { batch, keys, kvHeads, headDim });
  expectTensor('attentionBackward', 'dv', gradients.dv, { batch, keys, kvHeads, headDim });
  expectTensor('attentionBackward', 'dBias', gradients.dBias, { heads, queries, keys });
  const rows = batch * heads * queries;
  const dProbabilities = numerics.zeros(rows * keys);
  probabilityGradients(numerics, shape, inputs, dContext, dProbabilities);
  const dScores = numerics.zeros(rows * keys);
  softmaxBackward(numerics, { rows, columns: keys }, probabilities, dProbabilities, dScores);
  if (gradients.dBias !== null) addBiasGradient(numerics, dScores, gradients.dBias);
  addQueryGradient(numerics, shape, inputs, dScores, gradients.dq);
  addKeyValueGradients(numerics, shape, inputs, { probabilities, dScores, dContext }, gradients);
}

/** target [B, H, Q, K] = dp, 0 where a key is not seen; f32, as the softmax's backward takes it. */
function probabilityGradients(
  { round }: Numerics,
  shape: AttentionShape,
  { v, keyMask }: AttentionInputs,
  dContext: Reals,
  target: Reals,
): void {
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      for (let i = 0; i < queries; i++) {
        for (let j = 0; j < keys; j++) {
          if (!sees(shape, keyMask, b, i, j)) continue;
          const query = ((b * queries + i) * heads + h) * headDim;
          const key = ((b * keys + j) * kvHeads + g) * headDim;
          let sum = 0;
          for (let d = 0; d < headDim; d++) sum = round(sum + round(dContext[query + d] * v[key + d]));
          target[((b * heads + h) * queries + i) * keys + j] = sum;
        }
      }
    }
  }
}

function addBiasGradient({ round }: Numerics, dScores: Reals, dBias: Reals): void {
  for (let n = 0; n < dScores.length; n++) dBias[n % dBias.length] = round(dBias[n % dBias.length] + dScores[n]);
}

function addQueryGradient(numerics: Numerics, shape: AttentionShape, { k, keyMask }: AttentionInputs, dScores: Reals, dq: Reals): void {
  const { round, store } = numerics;
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const scale = scaleOf(numerics, shape);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      for (let i = 0; i < queries; i++) {
        const row = ((b * heads + h) * queries + i) * keys;
        for (let d = 0; d < headDim; d++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) {
            if (!sees(shape, keyMask, b, i, j)) continue;
            sum = round(sum + round(dScores[row + j] * k[((b * keys + j) * kvHeads + g) * headDim + d]));
          }
          const at = ((b * queries + i) * heads + h) * headDim + d;
          dq[at] = store(round(dq[at] + round(sum * scale)));
        }
      }
    }
  }
}

interface BackwardTensors {
  readonly probabilities: Reals;
  readonly dScores: Reals;
  readonly dContext: Reals;
}

/** Sums over the heads of a group and their queries, heads outside. */
function addKeyValueGradients(
  numerics: Numerics,
  shape: AttentionShape,
  { q, keyMask }: AttentionInputs,
  { probabilities, dScores, dContext }: BackwardTensors,
  { dk, dv }: AttentionGradients,
): void {
  const { round, store } = numerics;
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const scale = scaleOf(numerics, shape);
  const group = heads / kvHeads;
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < keys; j++) {
      for (let g = 0; g < kvHeads; g++) {
        for (let d = 0; d < headDim; d++) {
          let keySum = 0;
          let valueSum = 0;
          for (let h = g * group; h < (g + 1) * group; h++) {
            for (let i = 0; i < queries; i++) {
              if (!sees(shape, keyMask, b, i, j)) continue;
              const score = ((b * heads + h) * queries + i) * keys + j;
              const query = ((b * queries + i) * heads + h) * headDim + d;
              keySum = round(keySum + round(dScores[score] * q[query]));
              valueSum = round(valueSum + round(probabilities[score] * dContext[query]));
            }
          }
          const at = ((b * keys + j) * kvHeads + g) * headDim + d;
          dk[at] = store(round(dk[at] + round(keySum * scale)));
          dv[at] = store(round(dv[at] + valueSum));
        }
      }
    }
  }
}

function expectContext(fn: string, argument: string, tensor: Reals, { batch, queries, heads, headDim }: AttentionShape): void {
  expectTensor(fn, argument, tensor, { batch, queries, heads, headDim });
}

function checkAttention(fn: string, shape: AttentionShape, { q, k, v, bias, keyMask }: AttentionInputs, probabilities: Reals): void {
  const { batch, queries, keys, heads, kvHeads, headDim, firstQuery = 0, scale = 1 } = shape;
  for (const [name, size] of Object.entries({ batch, queries, keys, heads, kvHeads, headDim })) expectWhole(fn, name, size, 1);
  expectThat(heads % kvHeads === 0, fn, 'kvHeads', `must divide heads = ${heads}`, kvHeads);
  expectWhole(fn, 'firstQuery', firstQuery, 0);
  expectThat(Number.isFinite(scale), fn, 'scale', 'must be finite', scale);
  expectContext(fn, 'q', q, shape);
  expectTensor(fn, 'k', k, { batch, keys, kvHeads, headDim });
  expectTensor(fn, 'v', v, { batch, keys, kvHeads, headDim });
  expectTensor(fn, 'bias', bias, { heads, queries, keys });
  expectTensor(fn, 'keyMask', keyMask, { batch, keys });
  expectTensor(fn, 'probabilities', probabilities, { batch, heads, queries, keys });
}
