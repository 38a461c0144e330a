import { attentionWeights } from '../../model/index.ts';
import { type Block, compute, type Step } from '../block.ts';
import type { Sizes } from '../sizes.ts';

/**
 * Multi-head attention with norm before and residual after, unfused: the score matrix goes through HBM, as in programs written before flash attention.
 *
 * B sequences per device   Q, K tokens of a query and a key sequence   d dModel   H heads   h headDim   I = H h
 *   x   [B Q, d]    input, also the residual        q [B Q, I], k v [B K, I]
 *   s   [B H, Q, K] scores    p [B H, Q, K] softmax(s)    c [B Q, I] context
 */
export interface AttentionShape {
  readonly name: string;
  readonly queryLength: number;
  readonly keyLength: number;
  /** Keys and values come from the encoder's output instead of x. */
  readonly cross: boolean;
}

const PART = 'attention';
/** Element-wise operations per element of: RMS norm, its gradient, position bias and softmax, their gradient. */
const NORM_OPS = 5;
const NORM_GRADIENT_OPS = 10;
const SOFTMAX_OPS = 11;
const SOFTMAX_GRADIENT_OPS = 7;
/** Softmax reads the scores for the maximum, for the sum and for the division, and writes once; its gradient reads p and dp twice and writes once. */
const SOFTMAX_PASSES = 4;
const SOFTMAX_GRADIENT_PASSES = 5;

export function attentionBlock(sizes: Sizes, shape: AttentionShape): Block {
  const n = numbersOf(sizes, shape);
  const { a, d, inner, queries, scores, projected } = n;
  return {
    name: shape.name,
    forward: forward(n),
    backward: [...outputBackward(n), ...scoresBackward(n), ...projectionsBackward(n)],
    recomputable: true,
    input: { name: 'block inputs', bytes: a * queries * d },
    encoderOutput: shape.cross ? { name: 'encoder output', bytes: a * n.keys * d } : null,
    saved: [
      { name: 'attention q, k, v', bytes: a * projected },
      { name: 'attention probabilities', bytes: a * scores },
      { name: 'attention context', bytes: a * queries * inner },
    ],
    workingForward: [{ name: 'attention scores', bytes: a * scores }],
    workingBackward: [{ name: 'attention score gradients', bytes: 2 * a * scores }],
    weights: attentionWeights(sizes.model),
  };
}

interface Numbers {
  readonly a: number;
  readonly w: number;
  readonly d: number;
  readonly Q: number;
  readonly K: number;
  readonly h: number;
  /** I. */
  readonly inner: number;
  /** B H: products of one sequence and head. */
  readonly heads: number;
  /** B Q and B K: tokens on the device. */
  readonly queries: number;
  readonly keys: number;
  /** Elements of s, and of q, k and v together. */
  readonly scores: number;
  readonly projected: number;
  /** Tokens that are read to make q, k and v. */
  readonly inputs: number;
  readonly projections: readonly { m: number; k: number; n: number; batch: number }[];
}

function numbersOf({ model, sequences: B, activationBytes: a, weightBytes: w }: Sizes, shape: AttentionShape): Numbers {
  const { queryLength: Q, keyLength: K, cross } = shape;
  const d = model.dModel;
  const h = model.headDim;
  const inner = model.heads * h;
  const queries = B * Q;
  const keys = B * K;
  const heads = B * model.heads;
  const projections = cross
    ? [
        { m: queries, k: d, n: inner, batch: 1 },
        { m: keys, k: d, n: 2 * inner, batch: 1 },
      ]
    : [{ m: queries, k: d, n: 3 * inner, batch: 1 }];
  return {
    a,
    w,
    d,
    Q,
    K,
    h,
    inner,
    heads,
    queries,
    keys,
    projections,
    scores: heads * Q * K,
    projected: (queries + 2 * keys) * inner,
    inputs: cross ? queries + keys : queries,
  };
}

function forward({ a, w, d, Q, K, h, inner, heads, queries, keys, scores, projected, inputs, projections }: Numbers): Step[] {
  return [
    compute('fw', PART, 'norm, q, k, v', {
      matmuls: projections,
      vectorOps: NORM_OPS * queries * d,
      hbmBytes: a * (inputs * d + projected) + w * 3 * d * inner,
    }),
    compute('fw', PART, 'scores', {
      matmuls: [{ m: Q, k: h, n: K, batch: heads }],
      hbmBytes: a * ((queries + keys) * inner + scores),
    }),
    compute('fw', PART, 'softmax', { vectorOps: SOFTMAX_OPS * scores, hbmBytes: a * SOFTMAX_PASSES * scores }),
    compute('fw', PART, 'context', {
      matmuls: [{ m: Q, k: K, n: h, batch: heads }],
      hbmBytes: a * (scores + (keys + queries) * inner),
    }),
    compute('fw', PART, 'output', {
      matmuls: [{ m: queries, k: inner, n: d, batch: 1 }],
      vectorOps: queries * d,
      hbmBytes: a * queries * (inner + 2 * d) + w * inner * d,
    }),
  ];
}

function outputBackward({ a, w, d, inner, queries }: Numbers): Step[] {
  return [
    compute('agrad', PART, 'output', {
      matmuls: [{ m: queries, k: d, n: inner, batch: 1 }],
      hbmBytes: a * queries * (d + inner) + w * inner * d,
    }),
    compute('wgrad', PART, 'output', {
      matmuls: [{ m: inner, k: queries, n: d, batch: 1 }],
      hbmBytes: a * (queries * (inner + d) + inner * d),
    }),
  ];
}

/** From dc to dq, dk and dv, through the probabilities. */
function scoresBackward({ a, Q, K, h, inner, heads, queries, keys, scores }: Numbers): Step[] {
  const hbmBytes = a * (scores + (queries + keys) * inner);
  return [
    compute('agrad', PART, 'context to probabilities', { matmuls: [{ m: Q, k: h, n: K, batch: heads }], hbmBytes }),
    compute('agrad', PART, 'context to values', { matmuls: [{ m: K, k: Q, n: h, batch: heads }], hbmBytes }),
    compute('agrad', PART, 'softmax', {
      vectorOps: SOFTMAX_GRADIENT_OPS * scores,
      hbmBytes: a * SOFTMAX_GRADIENT_PASSES * scores,
    }),
    compute('agrad', PART, 'scores to queries', { matmuls: [{ m: Q, k: K, n: h, batch: heads }], hbmBytes }),
    compute('agrad', PART, 'scores to keys', { matmuls: [{ m: K, k: Q, n: h, batch: heads }], hbmBytes }),
  ];
}

function projectionsBackward({ a, w, d, inner, queries, projected, inputs, projections }: Numbers): Step[] {
  return [
    compute('agrad', PART, 'norm, q, k, v', {
      matmuls: projections.map(({ m, k, n, batch }) => ({ m, k: n, n: k, batch })),
      vectorOps: NORM_GRADIENT_OPS * queries * d,
      // x and dy in, dx out; across, the encoder's gradient is read and written.
      hbmBytes: a * (projected + 3 * queries * d + 2 * (inputs - queries) * d) + w * 3 * d * inner,
    }),
    compute('wgrad', PART, 'q, k, v', {
      matmuls: projections.map(({ m, k, n, batch }) => ({ m: k, k: m, n, batch })),
      hbmBytes: a * (inputs * d + projected + 3 * d * inner),
    }),
  ];
}
