import { layersOf } from './layers.ts';
import type { ModelSpec } from './spec.ts';
import { POSITION_BUCKETS } from './weights.ts';

/** Parameters by what they belong to. Norms and relative position biases are apart, because published counts often leave them out. */
export interface ParameterCounts {
  readonly embedding: number;
  readonly attention: number;
  readonly denseFeedForward: number;
  readonly experts: number;
  readonly routers: number;
  readonly norms: number;
  readonly positionBiases: number;
}

export function countParameters(model: ModelSpec): ParameterCounts {
  const { dModel, heads, headDim, ffnMatrices, moe } = model;
  const layers = layersOf(model);
  const stacks = new Set(layers.map((layer) => layer.stack)).size;
  const switchLayers = layers.filter((layer) => layer.feedForward === 'switch').length;
  const attentions = layers.length + layers.filter((layer) => layer.crossAttention).length;
  return {
    embedding: model.vocab * dModel * (model.tiedEmbeddings ? 1 : 2),
    attention: attentions * 4 * dModel * heads * headDim,
    denseFeedForward: (layers.length - switchLayers) * ffnMatrices * dModel * model.dFf,
    experts: moe === null ? 0 : switchLayers * moe.experts * ffnMatrices * dModel * moe.dExpert,
    routers: moe === null ? 0 : switchLayers * dModel * moe.experts,
    // One norm before each attention and feed-forward layer, one at the end of each stack.
    norms: (attentions + layers.length + stacks) * dModel,
    positionBiases: stacks * POSITION_BUCKETS * heads,
  };
}

export function totalParameters(counts: ParameterCounts): number {
  return Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);
}
