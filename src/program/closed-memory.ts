import type { Bytes } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { stateBytes } from '../layout/index.ts';
import {
  allWeights,
  attentionWeights,
  denseFeedForwardWeights,
  embeddingWeights,
  type Layer,
  layersOf,
  outputStack,
  outputWeights,
  switchFeedForwardWeights,
  type WeightMatrix,
} from '../model/index.ts';
import { type Load, type Scenario, stackLengths } from '../scenario/index.ts';
import { largestRows, layerRows } from './layer-rows.ts';
import { allTokensOf, type Sizes, sizesOf, tokensOf } from './sizes.ts';
import { switchShape } from './switch-shape.ts';

/** What one sub-layer puts into memory, in closed form. */
interface SubLayer {
  readonly input: Bytes;
  /** Kept from forward to backward; under rematerialisation made again, except for the logits. */
  readonly saved: Bytes;
  readonly recomputable: boolean;
  /** Needed beside it while the backward pass is here. */
  readonly working: Bytes;
  readonly weights: readonly WeightMatrix[];
  readonly readsEncoder: boolean;
}

/**
 * Device memory in closed form, without the program; the peak of its live ranges must agree. When the backward pass is at sub-layer i, memory
 * holds state, inputs and saved tensors of sub-layers up to i (under rematerialisation the saved ones of i alone), what i itself works with,
 * gradients from i on, and the encoder's output with its gradient between its first and its last reader. The peak is the largest of these.
 */
export function closedFormMemory(scenario: Scenario, chip: Chip, load: Load | null): Bytes {
  const sizes = sizesOf(scenario, chip);
  const { model, layout, workload, precision } = scenario;
  const subLayers = subLayersOf(scenario, sizes, load);
  const state = stateBytes(allWeights(model), layout, workload.optimizer, precision);
  const keepsAll = workload.remat === 'none';
  const gradients = subLayers.map(({ weights }) => stateBytes(weights, layout, workload.optimizer, precision).gradients);
  const firstReader = subLayers.findIndex((subLayer) => subLayer.readsEncoder);
  const lastReader = subLayers.findLastIndex((subLayer) => subLayer.readsEncoder);
  const encoderOutput = sizes.activationBytes * tokensOf(sizes, 'encoder') * model.dModel;

  let peak = 0;
  let held = state.weights + state.optimizer;
  let gradientsAbove = gradients.reduce((sum, bytes) => sum + bytes, 0);
  for (const [i, { input, saved, recomputable, working }] of subLayers.entries()) {
    const remade = !keepsAll && recomputable;
    held += input + (remade ? 0 : saved);
    const reading = firstReader >= 0 && i >= firstReader ? encoderOutput * (i <= lastReader ? 2 : 1) : 0;
    peak = Math.max(peak, held + (remade ? saved : 0) + working + reading + gradientsAbove);
    gradientsAbove -= gradients[i];
  }
  return peak;
}

function subLayersOf(scenario: Scenario, sizes: Sizes, load: Load | null): SubLayer[] {
  const layers = layersOf(scenario.model).flatMap((layer) => layerParts(scenario, sizes, layer, load));
  return [embedding(sizes), ...layers, logits(sizes)];
}

function layerParts(scenario: Scenario, sizes: Sizes, layer: Layer, load: Load | null): SubLayer[] {
  const lengths = stackLengths(scenario);
  const tokens = tokensOf(sizes, layer.stack);
  return [
    attention(sizes, tokens, tokens, lengths[layer.stack], false),
    ...(layer.crossAttention ? [attention(sizes, tokens, tokensOf(sizes, 'encoder'), lengths.encoder, true)] : []),
    layer.feedForward === 'switch' ? switchFeedForward(scenario, sizes, layer, load) : feedForward(sizes, tokens),
  ];
}

/** q, k, v, probabilities and context; gradients of scores and probabilities. */
function attention(sizes: Sizes, queries: number, keys: number, keyLength: number, readsEncoder: boolean): SubLayer {
  const { model, activationBytes: a } = sizes;
  const scores = model.heads * queries * keyLength;
  const saved = a * (2 * (queries + keys) * model.heads * model.headDim + scores);
  return subLayer(sizes, queries, { saved, working: 2 * a * scores, weights: attentionWeights(model), readsEncoder });
}

function feedForward(sizes: Sizes, tokens: number): SubLayer {
  const hidden = sizes.activationBytes * tokens * (sizes.model.ffnMatrices - 1) * sizes.model.dFf;
  return subLayer(sizes, tokens, { saved: hidden, working: hidden, weights: denseFeedForwardWeights(sizes.model) });
}

/**
 * Scores, what says where choices went, expert inputs, hidden layer and outputs; gradients of the last three, and of one mask where masks are
 * used. With slots as many tokens arrive as are sent; without, buffers are as large as the fullest device needs, and rows from several sources are
 * brought into the order of the experts in a second buffer.
 */
function switchFeedForward(scenario: Scenario, sizes: Sizes, { stack, index }: Layer, load: Load | null): SubLayer {
  const { model, activationBytes: a } = sizes;
  const shape = switchShape(scenario, stack);
  const { groupsPerDevice, groupTokens, experts, expertCapacity, expertsPerDevice, topK, gate } = shape;
  const { dispatch } = scenario.routing;
  const tokens = groupsPerDevice * groupTokens;
  const slots = experts * expertCapacity * groupsPerDevice;
  const { sent, received } =
    dispatch === 'dropless' ? largestRows(layerRows(scenario, shape, index, load)) : { sent: slots, received: slots };
  const mask = dispatch === 'einsum' ? a * tokens * experts * expertCapacity : 0;
  const routes = dispatch === 'einsum' ? 2 * mask : 8 * (dispatch === 'dropless' ? sent : topK * tokens);
  const expertBytes = a * ((sent + received) * model.dModel + received * (model.ffnMatrices - 1) * (model.moe?.dExpert ?? 0));
  const regrouped = dispatch === 'dropless' && expertsPerDevice > 1 && expertsPerDevice < experts ? a * received * model.dModel : 0;
  const shuffled = gate.shuffles && expertsPerDevice < experts ? a * tokens * model.dModel : 0;
  const saved = sizes.routerBytes * gate.products * tokens * experts + routes + expertBytes;
  const working = expertBytes + (gate.learned ? mask : 0) + regrouped + shuffled;
  return subLayer(sizes, tokens, { saved, working, weights: switchFeedForwardWeights(model) });
}

/** Token ids of both stacks. */
function embedding(sizes: Sizes): SubLayer {
  const part = subLayer(sizes, 0, { saved: 0, working: 0, weights: embeddingWeights(sizes.model) });
  return { ...part, input: 4 * allTokensOf(sizes), recomputable: false };
}

/** f32 logits and their gradient. */
function logits(sizes: Sizes): SubLayer {
  const { model, activationBytes: a } = sizes;
  const tokens = tokensOf(sizes, outputStack(model));
  const elements = tokens * model.vocab;
  return { ...subLayer(sizes, tokens, { saved: 4 * elements, working: a * elements, weights: outputWeights(model) }), recomputable: false };
}

function subLayer(
  { model, activationBytes: a }: Sizes,
  tokens: number,
  rest: Pick<SubLayer, 'saved' | 'working' | 'weights'> & { readonly readsEncoder?: boolean },
): SubLayer {
  return { input: a * tokens * model.dModel, recomputable: true, readsEncoder: false, ...rest };
}
