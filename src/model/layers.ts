import type { ModelSpec, Stack, SwitchLayer } from './spec.ts';

/** One Transformer layer: self-attention, cross-attention in a decoder that has an encoder, and a feed-forward layer. */
export interface Layer {
  readonly stack: Stack;
  /** Index within the stack, from 0. */
  readonly index: number;
  readonly crossAttention: boolean;
  readonly feedForward: 'dense' | 'switch';
}

/** All layers in the order of the forward pass: encoder first. */
export function layersOf(model: ModelSpec): Layer[] {
  const encoder = Array.from({ length: model.encoderLayers }, (_, index) => layer(model, 'encoder', index));
  const decoder = Array.from({ length: model.decoderLayers }, (_, index) => layer(model, 'decoder', index));
  return [...encoder, ...decoder];
}

export function switchLayersOf(model: ModelSpec): SwitchLayer[] {
  return layersOf(model)
    .filter((candidate) => candidate.feedForward === 'switch')
    .map(({ stack, index }) => ({ stack, layer: index }));
}

/** The stack whose output the logits are made from. */
export function outputStack(model: ModelSpec): Stack {
  return model.decoderLayers > 0 ? 'decoder' : 'encoder';
}

function layer(model: ModelSpec, stack: Stack, index: number): Layer {
  const isSwitch = model.moe !== null && (index + 1) % model.moe.layersEvery === 0;
  return {
    stack,
    index,
    crossAttention: stack === 'decoder' && model.family === 'encoder-decoder',
    feedForward: isSwitch ? 'switch' : 'dense',
  };
}
