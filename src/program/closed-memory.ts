import type { Bytes } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { stateBytes } from '../layout/index.ts';
import { allWeights, type Layer, layersOf, layerWeights, type Stack } from '../model/index.ts';
import { type Scenario, stackLengths } from '../scenario/index.ts';
import { type Sizes, sizesOf, tokensOf } from './sizes.ts';
import { switchShape } from './switch-shape.ts';

/**
 * Device memory in closed form, without the program; the peak of the live ranges must agree.
 * Without rematerialisation the peak is at the loss: state, everything that the forward pass leaves behind, and the logits with their gradient.
 * With it, only the inputs of sub-layers stay, and the peak is either there or at the last layer of the first stack, where one sub-layer
 * is recomputed while the inputs below it and the gradients above it are alive.
 */
export function closedFormMemory(scenario: Scenario, chip: Chip): Bytes {
  const sizes = sizesOf(scenario, chip);
  const { model } = scenario;
  const state = stateBytes(allWeights(model), scenario.layout, scenario.workload.optimizer, scenario.precision);
  const layers = layersOf(model);
  const always = state.weights + state.optimizer + tokenIds(sizes);
  const inputs = sum(layers.map((layer) => layerInputs(sizes, layer)));
  if (scenario.workload.remat === 'none') {
    const saved = sum(layers.flatMap((layer) => subLayers(scenario, sizes, layer).map((subLayer) => subLayer.saved)));
    return always + inputs + saved + lossBytes(sizes);
  }
  const firstStack = layers.filter((layer) => layer.stack === layers[0].stack);
  const above = layers.filter((layer) => layer.stack !== layers[0].stack);
  const recomputed = Math.max(
    ...subLayers(scenario, sizes, firstStack[firstStack.length - 1]).map(({ saved, working }) => saved + working),
  );
  const atRecomputation = sum(firstStack.map((layer) => layerInputs(sizes, layer))) + gradients(scenario, above) + recomputed;
  return always + Math.max(inputs + lossBytes(sizes), atRecomputation);
}

/** What one sub-layer keeps for its backward pass, and what the backward pass needs beside it. */
interface SubLayerBytes {
  readonly saved: Bytes;
  readonly working: Bytes;
}

function subLayers(scenario: Scenario, sizes: Sizes, layer: Layer): SubLayerBytes[] {
  const lengths = stackLengths(scenario);
  const tokens = tokensOf(sizes, layer.stack);
  return [
    attention(sizes, tokens, tokens, lengths[layer.stack]),
    ...(layer.crossAttention ? [attention(sizes, tokens, tokensOf(sizes, 'encoder'), lengths.encoder)] : []),
    layer.feedForward === 'switch' ? switchFeedForward(scenario, sizes, layer.stack) : feedForward(sizes, tokens),
  ];
}

/** q, k, v, probabilities and context; gradients of scores and probabilities. */
function attention({ model, activationBytes: a }: Sizes, queries: number, keys: number, keyLength: number): SubLayerBytes {
  const scores = model.heads * queries * keyLength;
  return { saved: a * (2 * (queries + keys) * model.heads * model.headDim + scores), working: 2 * a * scores };
}

function feedForward({ model, activationBytes: a }: Sizes, tokens: number): SubLayerBytes {
  const hidden = a * tokens * (model.ffnMatrices - 1) * model.dFf;
  return { saved: hidden, working: hidden };
}

/** Probabilities, two masks, expert inputs, hidden layer and outputs; gradients of the last three and of one mask. */
function switchFeedForward(scenario: Scenario, { model, activationBytes: a }: Sizes, stack: Stack): SubLayerBytes {
  const { groupsPerDevice, groupTokens, experts, expertCapacity } = switchShape(scenario, stack);
  const tokens = groupsPerDevice * groupTokens;
  const mask = a * tokens * experts * expertCapacity;
  const slots = experts * expertCapacity * groupsPerDevice;
  const expertBytes = a * slots * (2 * model.dModel + (model.ffnMatrices - 1) * (model.moe?.dExpert ?? 0));
  return { saved: 4 * tokens * experts + 2 * mask + expertBytes, working: expertBytes + mask };
}

function layerInputs(sizes: Sizes, layer: Layer): Bytes {
  return (layer.crossAttention ? 3 : 2) * sizes.activationBytes * tokensOf(sizes, layer.stack) * sizes.model.dModel;
}

/** f32 logits, their gradient, and the input of the last product. */
function lossBytes(sizes: Sizes): Bytes {
  const { model, activationBytes: a } = sizes;
  const tokens = tokensOf(sizes, model.decoderLayers > 0 ? 'decoder' : 'encoder');
  return (4 + a) * tokens * model.vocab + a * tokens * model.dModel;
}

function tokenIds(sizes: Sizes): Bytes {
  const { model } = sizes;
  return 4 * ((model.encoderLayers > 0 ? tokensOf(sizes, 'encoder') : 0) + (model.decoderLayers > 0 ? tokensOf(sizes, 'decoder') : 0));
}

function gradients({ model, layout, workload, precision }: Scenario, layers: readonly Layer[]): Bytes {
  const weights = layers.flatMap((layer) => layerWeights(model, layer));
  return stateBytes(weights, layout, workload.optimizer, precision).gradients;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
