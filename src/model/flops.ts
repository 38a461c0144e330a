import type { Flops } from '../base/index.ts';
import { layersOf, outputStack } from './layers.ts';
import type { ModelSpec, Stack } from './spec.ts';

/** What one step works on. */
export interface StepTokens {
  readonly sequences: number;
  /** Tokens per sequence by stack. */
  readonly length: Readonly<Record<Stack, number>>;
  /** Experts that a token meets, mean over the Switch layers of a stack: the choices that tokens make, or fewer where there are not slots for all of them. */
  readonly expertsPerToken: Readonly<Record<Stack, number>>;
  /** Products of the tokens with router weights in a Switch layer: 1 unless the router has none, or a second one for noise. */
  readonly routerProducts?: number;
}

/**
 * FLOPs of the model itself for one training step: 3 x forward. Forward counts 2 FLOPs per weight and token for attention projections,
 * dense feed-forward layers, active experts, routers and logits, and 4 x length x heads x headDim per token for full (unmasked) attention.
 * Padding to expert capacity, one-hot dispatch, one-hot embedding and recomputation are not in it: they are work of the layout, not of the model.
 */
export function modelFlopsPerStep(model: ModelSpec, step: StepTokens): Flops {
  let forward = 0;
  for (const layer of layersOf(model)) {
    const tokens = step.sequences * step.length[layer.stack];
    forward += tokens * attentionFlopsPerToken(model, step.length[layer.stack]);
    if (layer.crossAttention) forward += crossAttentionFlops(model, step);
    forward += tokens * feedForwardFlopsPerToken(model, layer.feedForward, step.expertsPerToken[layer.stack], step.routerProducts ?? 1);
  }
  forward += 2 * step.sequences * step.length[outputStack(model)] * model.dModel * model.vocab;
  return 3 * forward;
}

function attentionFlopsPerToken(model: ModelSpec, length: number): Flops {
  const inner = model.heads * model.headDim;
  return 2 * 4 * model.dModel * inner + 4 * length * inner;
}

/** Queries and output act on decoder tokens; keys and values on encoder tokens. */
function crossAttentionFlops(model: ModelSpec, step: StepTokens): Flops {
  const inner = model.heads * model.headDim;
  const decoderTokens = step.sequences * step.length.decoder;
  const encoderTokens = step.sequences * step.length.encoder;
  return 2 * 2 * model.dModel * inner * (decoderTokens + encoderTokens) + 4 * decoderTokens * step.length.encoder * inner;
}

function feedForwardFlopsPerToken(model: ModelSpec, kind: 'dense' | 'switch', expertsPerToken: number, routerProducts: number): Flops {
  if (kind === 'dense' || model.moe === null) return 2 * model.ffnMatrices * model.dModel * model.dFf;
  return 2 * model.dModel * (expertsPerToken * model.ffnMatrices * model.moe.dExpert + routerProducts * model.moe.experts);
}
