import type { Flops } from '../base/index.ts';
import { attendedPairs, type PairRule } from './attended-pairs.ts';
import { attentionWeights, keyValueColumns } from './attention-weights.ts';
import { feedForwardWeights } from './feed-forward-weights.ts';
import { type AttentionSpec, type FeedForwardSpec, type Layer, layersOf, outputStack } from './layers.ts';
import type { ModelSpec, Stack } from './spec.ts';
import { type WeightMatrix, weightCount } from './weight-matrix.ts';
import { perLayerEmbeddingWeights } from './weights.ts';

/** What one step works on. */
export interface StepTokens {
  readonly sequences: number;
  /** Tokens per sequence by stack. */
  readonly length: Readonly<Record<Stack, number>>;
  /** Experts that a token meets, mean over the Switch layers of a stack: the choices that tokens make, or fewer where there are not slots for all of them. */
  readonly expertsPerToken: Readonly<Record<Stack, number>>;
  /** Products of the tokens with router weights in a Switch layer: 1 unless the router has none, or a second one for noise. */
  readonly routerProducts?: number;
  /** How attention is counted; `full` unless stated. */
  readonly attention?: PairRule;
}

/**
 * FLOPs of the model itself for one training step: 3 x forward. Forward counts 2 FLOPs per weight and token for attention projections,
 * dense feed-forward layers, active and shared experts, routers and logits, and for attention 2 x heads x (headDim + valueDim) per pair of query and key.
 * Padding to expert capacity, one-hot dispatch, one-hot embedding and recomputation are not in it: they are work of the layout, not of the model.
 */
export function modelFlopsPerStep(model: ModelSpec, step: StepTokens): Flops {
  return 3 * forwardFlops(model, step);
}

export function forwardFlops(model: ModelSpec, step: StepTokens): Flops {
  const stack = outputStack(model);
  const logits = 2 * step.sequences * step.length[stack] * model.dModel * model.vocab;
  const known = new Map<string, Flops>();
  const flopsOf = (layer: Layer): Flops => {
    const flops = known.get(layer.kind) ?? layerFlops(model, layer, step);
    known.set(layer.kind, flops);
    return flops;
  };
  return layersOf(model).reduce((sum, layer) => sum + flopsOf(layer), logits) + ownEmbeddingFlops(model, step);
}

function layerFlops(model: ModelSpec, layer: Layer, step: StepTokens): Flops {
  const { stack, attention, crossAttention, feedForward } = layer;
  const tokens = step.sequences * step.length[stack];
  const met = step.expertsPerToken[stack];
  const perToken =
    activeElements(model, attentionWeights(model, attention), met) +
    activeElements(model, perLayerEmbeddingWeights(model), met) +
    activeElements(model, feedForwardWeights(model, feedForward), met) +
    secondRouterProducts(model, feedForward, step.routerProducts ?? 1);
  const pairs = step.sequences * attendedPairs(attention, step.length[stack], step.length[stack], step.attention);
  const cross = crossAttention === null ? 0 : crossAttentionFlops(model, crossAttention, step);
  return 2 * tokens * perToken + pairs * flopsPerPair(attention) + cross;
}

/** Queries and output act on decoder tokens; keys and values on encoder tokens. */
function crossAttentionFlops(model: ModelSpec, spec: AttentionSpec, { sequences, length, attention }: StepTokens): Flops {
  const ofKeys = model.dModel * keyValueColumns(spec);
  const ofQueries = matrixElements(attentionWeights(model, spec)) - ofKeys;
  const pairs = attendedPairs(spec, length.decoder, length.encoder, attention);
  return sequences * (2 * (length.decoder * ofQueries + length.encoder * ofKeys) + pairs * flopsPerPair(spec));
}

/** Scores, and probabilities times values. */
function flopsPerPair({ heads, headDim, valueDim }: AttentionSpec): Flops {
  return 2 * heads * (headDim + valueDim);
}

/** The projection that embeddings of single layers are made with. */
function ownEmbeddingFlops(model: ModelSpec, { sequences, length }: StepTokens): Flops {
  const columns = layersOf(model).length * model.perLayerEmbeddingDim;
  return 2 * sequences * length[outputStack(model)] * model.dModel * columns;
}

function secondRouterProducts({ dModel }: ModelSpec, spec: FeedForwardSpec, products: number): number {
  return spec.kind === 'switch' ? (products - 1) * dModel * spec.experts : 0;
}

/** Elements of matrices that a token meets, which goes to `met` experts. */
function activeElements({ moe }: ModelSpec, weights: readonly WeightMatrix[], met: number): number {
  const experts = weights.filter(({ expert }) => expert);
  const shared = matrixElements(weights.filter(({ expert }) => !expert));
  return moe === null ? shared : shared + (matrixElements(experts) * met) / moe.experts;
}

/** Without vectors, which no product is made with. */
function matrixElements(weights: readonly WeightMatrix[]): number {
  return weightCount(weights.filter(({ rows }) => rows > 1));
}
