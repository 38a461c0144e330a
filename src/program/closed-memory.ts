import type { Bytes } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { stateBytes } from '../layout/index.ts';
import { allWeights, layersOf } from '../model/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { sizesOf, stackLengths, tokensOf } from './sizes.ts';
import { switchShape } from './switch-shape.ts';

/**
 * Device memory in closed form, without the program: state, plus what the forward pass leaves behind when the loss is reached, plus the
 * logits' gradient. Under full rematerialisation only the inputs of the sub-layers stay. The peak of the live ranges must agree.
 */
export function closedFormMemory(scenario: Scenario, chip: Chip): Bytes {
  const sizes = sizesOf(scenario, chip);
  const state = stateBytes(allWeights(scenario.model), scenario.layout, scenario.workload.optimizer, scenario.precision);
  const a = sizes.activationBytes;
  const { model } = scenario;
  const lengths = stackLengths(scenario);
  const keepsAll = scenario.workload.remat === 'none';
  let activations = 0;
  for (const layer of layersOf(model)) {
    const tokens = tokensOf(sizes, layer.stack);
    activations += (layer.crossAttention ? 3 : 2) * a * tokens * model.dModel;
    if (!keepsAll) continue;
    const length = lengths[layer.stack];
    activations += attention(tokens, tokens, length);
    if (layer.crossAttention) activations += attention(tokens, tokensOf(sizes, 'encoder'), lengths.encoder);
    activations += layer.feedForward === 'dense' ? a * tokens * (model.ffnMatrices - 1) * model.dFf : switchFeedForward(layer.stack);
  }
  const lastTokens = tokensOf(sizes, model.decoderLayers > 0 ? 'decoder' : 'encoder');
  const logits = (4 + a) * lastTokens * model.vocab + a * lastTokens * model.dModel;
  const tokenIds =
    4 * ((model.encoderLayers > 0 ? tokensOf(sizes, 'encoder') : 0) + (model.decoderLayers > 0 ? tokensOf(sizes, 'decoder') : 0));
  return state.weights + state.optimizer + activations + logits + tokenIds;

  function attention(queries: number, keys: number, keyLength: number): Bytes {
    const inner = model.heads * model.headDim;
    return a * ((2 * queries + 2 * keys) * inner + model.heads * queries * keyLength);
  }

  function switchFeedForward(stack: 'encoder' | 'decoder'): Bytes {
    const shape = switchShape(scenario, stack);
    const tokens = shape.groupsPerDevice * shape.groupTokens;
    const slots = shape.experts * shape.expertCapacity * shape.groupsPerDevice;
    const hidden = (model.ffnMatrices - 1) * (model.moe?.dExpert ?? 0);
    return 4 * tokens * shape.experts + 2 * a * tokens * shape.experts * shape.expertCapacity + a * slots * (2 * model.dModel + hidden);
  }
}
