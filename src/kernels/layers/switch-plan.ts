import { assert, type Bytes } from '../../base/index.ts';
import type { ArenaPlan, Dtype, TensorView } from '../../model/index.ts';
import { createRouter, type OptionValues, type Router } from '../../routing/index.ts';
import type { SwitchLayerShape } from '../reference/index.ts';
import { ROWS_PER_ITEM } from './phases.ts';

/**
 * The memory of one Switch feed-forward layer: what `openSwitchLayerStep` works on. Plain data, so that every thread can open the layer for itself.
 *
 * S tokens, D = dModel, F = dExpert, E experts; A rows of the assignment (S times the choices of a token). Rows of batches stand expert by expert without padding, those
 * of one expert in the order of the assignment (MegaBlocks, Gale et al. 2022, arXiv:2211.15841): B of them are kept, at most A. "Activations" are of `dtype`, f32 or bf16.
 */
export interface SwitchLayerPlan {
  readonly shape: SwitchLayerShape;
  readonly options: SwitchStepOptions;
  /** A */
  readonly rows: number;
  /** Scratch of matrix products, one for each lane; see `planLanes`. */
  readonly lanes: readonly TensorView[];
  /** [2, 256] f32 for each lane. */
  readonly laneStatistics: readonly TensorView[];
  /** [S, D] activations: what goes in and comes out. A layer between others may put their tensors here. */
  readonly x: TensorView;
  readonly y: TensorView;
  readonly weights: SwitchLayerTensors;
  /** f32: logits and probabilities [S, E], statistics [2, S] of the softmax. */
  readonly scores: { readonly logits: TensorView; readonly probabilities: TensorView; readonly statistics: TensorView };
  readonly lists: RoutingLists;
  /** Activations [A, D], [A, F] and [A, D], of which B rows are in use. */
  readonly batch: TensorView;
  readonly hidden: TensorView;
  readonly batchOut: TensorView;
  /** [A, F] f32 of gated experts, else null. */
  readonly gateSums: TensorView | null;
  readonly inSums: TensorView | null;
  /** [2] f32: auxiliary loss and z-loss, both scaled by their coefficients. */
  readonly losses: TensorView;
  /** Null without training. */
  readonly backward: SwitchBackwardPlan | null;
}

/** Router [D, E], gate (null for relu) and in [E, D, F], out [E, F, D]: the weights of a layer, or their gradients. */
export interface SwitchLayerTensors {
  readonly router: TensorView;
  readonly gate: TensorView | null;
  readonly in: TensorView;
  readonly out: TensorView;
}

export interface SwitchBackwardPlan {
  /** [S, D] activations. dx is added to. */
  readonly dy: TensorView;
  readonly dx: TensorView;
  /** f32; added to. */
  readonly gradients: SwitchLayerTensors;
  /** Activations [A, D], [A, F], [A, F] (null for relu), [A, D]. */
  readonly dBatchOut: TensorView;
  readonly dInSums: TensorView;
  readonly dGateSums: TensorView | null;
  readonly dBatch: TensorView;
  /** f32 [A], of each batch row. */
  readonly dWeights: Bytes;
  /** [S, E] f32 */
  readonly dLogits: TensorView;
}

/** Who goes where, as lists of int32, but for weights (f32) and requested (bytes). */
export interface RoutingLists {
  /** [A] each: the rows of the assignment. */
  readonly token: Bytes;
  readonly expert: Bytes;
  readonly slot: Bytes;
  readonly requested: Bytes;
  readonly weight: Bytes;
  /** [E + 1]: batch rows first[e] .. first[e + 1] - 1 belong to expert e; the last is B. */
  readonly first: Bytes;
  /** [B]: row of the assignment, token and weight of each batch row. */
  readonly batchRow: Bytes;
  readonly batchToken: Bytes;
  readonly batchWeight: Bytes;
  /** [S + 1]: entries tokenStarts[s] .. tokenStarts[s + 1] - 1 of the next two are the batch rows of token s and their weights. */
  readonly tokenStarts: Bytes;
  readonly tokenRow: Bytes;
  readonly tokenWeight: Bytes;
}

export interface SwitchStepOptions {
  /** Activations and weights of experts: bf16, or f32 throughout. The router's weights, logits and losses are f32 either way ("selective precision"). */
  readonly dtype: Dtype;
  /** A router of the registry; null for Switch top-1 in f32 as `switchTop1Assignment` has it. It may read probabilities and logits, nothing else. */
  readonly router: { readonly name: string; readonly options: OptionValues } | null;
  /** Whether a backward pass follows. */
  readonly training: boolean;
  readonly auxiliaryCoefficient: number;
  readonly zCoefficient: number;
  /** For messages: where the layer stands, and the global number of its first token. */
  readonly layer: number;
  readonly firstToken: number;
}

/** Lays the layer for so many lanes as `lanes` has scratch (see `planLanes`). Memory may hold anything but for x, dy, the weights, and what gradients are added to. */
export function planSwitchLayer(
  arena: ArenaPlan,
  shape: SwitchLayerShape,
  options: SwitchStepOptions,
  lanes: readonly TensorView[],
): SwitchLayerPlan {
  const { tokens, dModel, experts, dExpert, activation } = shape;
  const rows = assignmentRowsOf(shape, options);
  const gated = activation !== 'relu';
  const sums = (): TensorView | null => (gated ? arena.allocate([rows, dExpert], 'f32') : null);
  const activations = (count: number, columns: number): TensorView => arena.allocate([count, columns], options.dtype);
  return {
    shape,
    options,
    rows,
    lanes,
    laneStatistics: lanes.map(() => arena.allocate([2, ROWS_PER_ITEM], 'f32')),
    x: activations(tokens, dModel),
    y: activations(tokens, dModel),
    weights: planWeights(arena, shape, options.dtype),
    scores: {
      logits: arena.allocate([tokens, experts], 'f32'),
      probabilities: arena.allocate([tokens, experts], 'f32'),
      statistics: arena.allocate([2, tokens], 'f32'),
    },
    lists: planLists(arena, tokens, experts, rows),
    batch: activations(rows, dModel),
    hidden: activations(rows, dExpert),
    batchOut: activations(rows, dModel),
    gateSums: sums(),
    inSums: sums(),
    losses: arena.allocate([2], 'f32'),
    backward: options.training ? planBackward(arena, shape, options, rows) : null,
  };
}

/** The router of a plan; null for `switchTop1Assignment`. */
export function routerOf({ router }: SwitchStepOptions): Router | null {
  return router && createRouter(router.name, router.options);
}

function assignmentRowsOf(shape: SwitchLayerShape, options: SwitchStepOptions): number {
  const router = routerOf(options);
  if (router === null) return shape.tokens;
  const unknown = router.reads.filter((tensor) => tensor !== 'probabilities' && tensor !== 'logits');
  assert(unknown.length === 0, `a Switch layer on memory has no ${unknown.join(', ')} for ${options.router?.name}`);
  return router.rows(shape);
}

function planWeights(arena: ArenaPlan, { dModel, experts, dExpert, activation }: SwitchLayerShape, dtype: Dtype): SwitchLayerTensors {
  return {
    router: arena.allocate([dModel, experts], 'f32'),
    gate: activation === 'relu' ? null : arena.allocate([experts, dModel, dExpert], dtype),
    in: arena.allocate([experts, dModel, dExpert], dtype),
    out: arena.allocate([experts, dExpert, dModel], dtype),
  };
}

function planLists(arena: ArenaPlan, tokens: number, experts: number, rows: number): RoutingLists {
  const list = (count: number): Bytes => arena.allocate([count], 'f32').offset;
  return {
    token: list(rows),
    expert: list(rows),
    slot: list(rows),
    requested: list(Math.ceil(rows / 4)),
    weight: list(rows),
    first: list(experts + 1),
    batchRow: list(rows),
    batchToken: list(rows),
    batchWeight: list(rows),
    tokenStarts: list(tokens + 1),
    tokenRow: list(rows),
    tokenWeight: list(rows),
  };
}

function planBackward(arena: ArenaPlan, shape: SwitchLayerShape, { dtype }: SwitchStepOptions, rows: number): SwitchBackwardPlan {
  const { tokens, dModel, experts, dExpert, activation } = shape;
  return {
    dy: arena.allocate([tokens, dModel], dtype),
    dx: arena.allocate([tokens, dModel], dtype),
    gradients: planWeights(arena, shape, 'f32'),
    dBatchOut: arena.allocate([rows, dModel], dtype),
    dInSums: arena.allocate([rows, dExpert], dtype),
    dGateSums: activation === 'relu' ? null : arena.allocate([rows, dExpert], dtype),
    dBatch: arena.allocate([rows, dModel], dtype),
    dWeights: arena.allocate([rows], 'f32').offset,
    dLogits: arena.allocate([tokens, experts], 'f32'),
  };
}
