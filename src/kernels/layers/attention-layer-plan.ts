import { assert, type Bytes } from '../../base/index.ts';
import type { ArenaPlan, TensorView } from '../../model/index.ts';
import type { AttentionLayerShape } from '../reference/index.ts';
import { type AttentionPlan, type AttentionStepOptions, planAttention } from './attention-plan.ts';
import { ROWS_PER_ITEM } from './phases.ts';

/**
 * The memory of one attention sub-layer: what `openAttentionLayerStep` works on. Plain data. Letters as in `AttentionLayerShape`; bias and key mask are those of
 * `attention`, and so is the gradient of the bias.
 */
export interface AttentionLayerPlan {
  readonly shape: AttentionLayerShape;
  readonly attention: AttentionPlan;
  /** int32 [256 + 1] for each lane. */
  readonly laneRows: readonly Bytes[];
  /** Activations [B, Q, M]. */
  readonly x: TensorView;
  readonly y: TensorView;
  /** Activations [B, K, M] of the encoder in cross-attention, else null. */
  readonly memory: TensorView | null;
  readonly weights: AttentionLayerTensors;
  /** Activations [B, Q, M], and f32 [B Q]. */
  readonly normed: TensorView;
  readonly inverseRms: TensorView;
  /** Null without training. */
  readonly backward: AttentionLayerBackwardPlan | null;
}

/** gain [M], query [M, H D], key and value [M, G D], output [H D, M]: the weights of a layer, or their gradients. */
export interface AttentionLayerTensors {
  readonly gain: TensorView;
  readonly query: TensorView;
  readonly key: TensorView;
  readonly value: TensorView;
  readonly output: TensorView;
}

export interface AttentionLayerBackwardPlan {
  /** Activations [B, Q, M]; dx is added to. */
  readonly dy: TensorView;
  readonly dx: TensorView;
  readonly dNormed: TensorView;
  /** Activations [B, K, M], added to; null in self-attention. */
  readonly dMemory: TensorView | null;
  /** f32; added to. */
  readonly gradients: AttentionLayerTensors;
}

export interface AttentionLayerStepOptions extends AttentionStepOptions {
  /** Whether keys and values come from another sequence. */
  readonly crossing: boolean;
}

export function planAttentionLayer(
  arena: ArenaPlan,
  shape: AttentionLayerShape,
  options: AttentionLayerStepOptions,
  lanes: readonly TensorView[],
): AttentionLayerPlan {
  const { batch, queries, keys, dModel, rotaryBase } = shape;
  const { dtype, crossing, training } = options;
  assert(rotaryBase === null, 'an attention layer on memory has no rotary embedding');
  assert(crossing || queries === keys, `self-attention of ${queries} queries and ${keys} keys`);
  const ofQueries = (): TensorView => arena.allocate([batch, queries, dModel], dtype);
  const ofKeys = (): TensorView | null => (crossing ? arena.allocate([batch, keys, dModel], dtype) : null);
  return {
    shape,
    attention: planAttention(arena, shape, options, lanes),
    laneRows: lanes.map(() => arena.allocate([ROWS_PER_ITEM + 1], 'f32').offset),
    x: ofQueries(),
    y: ofQueries(),
    memory: ofKeys(),
    weights: planTensors(arena, shape, dtype),
    normed: ofQueries(),
    inverseRms: arena.allocate([batch * queries], 'f32'),
    backward: training
      ? { dy: ofQueries(), dx: ofQueries(), dNormed: ofQueries(), dMemory: ofKeys(), gradients: planTensors(arena, shape, 'f32') }
      : null,
  };
}

function planTensors(
  arena: ArenaPlan,
  { dModel, heads, kvHeads, headDim }: AttentionLayerShape,
  dtype: TensorView['dtype'],
): AttentionLayerTensors {
  return {
    gain: arena.allocate([dModel], dtype),
    query: arena.allocate([dModel, heads * headDim], dtype),
    key: arena.allocate([dModel, kvHeads * headDim], dtype),
    value: arena.allocate([dModel, kvHeads * headDim], dtype),
    output: arena.allocate([heads * headDim, dModel], dtype),
  };
}
