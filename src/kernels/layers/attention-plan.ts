import type { Bytes } from '../../base/index.ts';
import { type ArenaPlan, BYTES_PER_ELEMENT, type Dtype, type TensorView } from '../../model/index.ts';
import type { Matrix } from '../gemm.ts';
import { BF16, F32, type Numerics } from '../numerics.ts';
import type { AttentionShape } from '../reference/index.ts';
import type { KernelMemory } from '../table.ts';
import { rowsOf } from './matrices.ts';

/**
 * The memory of one attention: what `openAttentionStep` works on. Plain data, so that every thread can open it for itself.
 *
 * B batch, Q queries, K keys, H heads, G kvHeads, D headDim, as in `AttentionShape`. Activations are of `dtype`, f32 or bf16.
 */
export interface AttentionPlan {
  readonly shape: AttentionShape;
  readonly options: AttentionStepOptions;
  /** Scratch of matrix products, one for each lane; see `planLanes`. */
  readonly lanes: readonly TensorView[];
  readonly laneScratch: readonly AttentionScratch[];
  /** Activations [B, Q, H, D], [B, K, G, D] twice, and what comes out [B, Q, H, D]. */
  readonly q: TensorView;
  readonly k: TensorView;
  readonly v: TensorView;
  readonly context: TensorView;
  /** Activations [B, H, Q, K], kept for the backward pass. */
  readonly probabilities: TensorView;
  /** [H, Q, K] f32 or null */
  readonly bias: TensorView | null;
  /** [B, K] bytes, 0 where a key is padding; or null */
  readonly keyMask: Bytes | null;
  /** Null without training. */
  readonly backward: AttentionBackwardPlan | null;
}

export interface AttentionBackwardPlan {
  readonly dContext: TensorView;
  /** Added to. */
  readonly dq: TensorView;
  readonly dk: TensorView;
  readonly dv: TensorView;
  /** [H, Q, K] f32, added to; null without bias. */
  readonly dBias: TensorView | null;
  /** Activations [B, H, Q, K], which the gradient of the bias sums over the batch; null without bias. */
  readonly dScores: TensorView | null;
}

/** What one item needs for itself; H' heads share a key and value head. */
export interface AttentionScratch {
  /** f32 [256, K] */
  readonly scores: TensorView;
  /** Activations [H' Q, K]; null without training, and where the plan has dScores. */
  readonly dScores: TensorView | null;
  /** Activations [H' Q, D] twice, where heads share keys and values; else null. */
  readonly stackedQueries: TensorView | null;
  readonly stackedContext: TensorView | null;
  /** int32 [256] */
  readonly rows: Bytes;
}

export interface AttentionStepOptions {
  readonly dtype: Dtype;
  readonly biased: boolean;
  readonly masked: boolean;
  /** Whether a backward pass follows. */
  readonly training: boolean;
  /** For messages. */
  readonly layer: number;
}

/** Scores of so many queries stay in a second-level cache. */
export const QUERIES_PER_ITEM = 256;

export function planAttention(
  arena: ArenaPlan,
  shape: AttentionShape,
  options: AttentionStepOptions,
  lanes: readonly TensorView[],
): AttentionPlan {
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const activations = (...sides: number[]): TensorView => arena.allocate(sides, options.dtype);
  const planBackward = (): AttentionBackwardPlan => ({
    dContext: activations(batch, queries, heads, headDim),
    dq: activations(batch, queries, heads, headDim),
    dk: activations(batch, keys, kvHeads, headDim),
    dv: activations(batch, keys, kvHeads, headDim),
    dBias: options.biased ? arena.allocate([heads, queries, keys], 'f32') : null,
    dScores: options.biased ? activations(batch, heads, queries, keys) : null,
  });
  return {
    shape,
    options,
    lanes,
    laneScratch: lanes.map(() => planScratch(arena, shape, options)),
    q: activations(batch, queries, heads, headDim),
    k: activations(batch, keys, kvHeads, headDim),
    v: activations(batch, keys, kvHeads, headDim),
    context: activations(batch, queries, heads, headDim),
    probabilities: activations(batch, heads, queries, keys),
    bias: options.biased ? arena.allocate([heads, queries, keys], 'f32') : null,
    keyMask: options.masked ? arena.allocate([Math.ceil((batch * keys) / 4)], 'f32').offset : null,
    backward: options.training ? planBackward() : null,
  };
}

function planScratch(
  arena: ArenaPlan,
  { queries, keys, heads, kvHeads, headDim }: AttentionShape,
  { dtype, biased, training }: AttentionStepOptions,
): AttentionScratch {
  const rows = (heads / kvHeads) * queries;
  const stacked = (): TensorView | null => (training && heads > kvHeads ? arena.allocate([rows, headDim], dtype) : null);
  return {
    scores: arena.allocate([QUERIES_PER_ITEM, keys], 'f32'),
    dScores: training && !biased ? arena.allocate([rows, keys], dtype) : null,
    stackedQueries: stacked(),
    stackedContext: stacked(),
    rows: arena.allocate([QUERIES_PER_ITEM], 'f32').offset,
  };
}

/** Head h of sequence b of a tensor [B, N, H, D]: N rows of D. */
export function headOf({ offset, shape, dtype }: TensorView, b: number, h: number): Matrix {
  const [, rows, heads, headDim] = shape;
  const bytes = BYTES_PER_ELEMENT[dtype];
  return { offset: offset + (b * rows * heads + h) * headDim * bytes, rows, columns: headDim, stride: heads * headDim, dtype };
}

/** Rows first .. first + rows - 1 of head h of sequence b of a tensor [B, H, Q, K]; B is 1 for a tensor [H, Q, K]. */
export function scoresOf(view: TensorView, b: number, h: number, first: number, rows: number): TensorView {
  const [heads, queries] = view.shape.slice(-3);
  return rowsOf(view, (b * heads + h) * queries + first, rows);
}

/** What scores are multiplied by, in f32. */
export function scaleOf({ scale, headDim }: AttentionShape): number {
  return Math.fround(scale ?? 1 / Math.fround(Math.sqrt(headDim)));
}

/** The arithmetic of the reference kernel that a plan follows. */
export function numericsOf({ options }: AttentionPlan): Numerics {
  return options.dtype === 'bf16' ? BF16 : F32;
}

/** [K], of one sequence. */
export function keyMaskOf({ keyMask, shape }: AttentionPlan, { buffer }: KernelMemory, b: number): Uint8Array | null {
  return keyMask === null ? null : new Uint8Array(buffer, keyMask + b * shape.keys, shape.keys);
}
