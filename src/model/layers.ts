import { remember } from '../base/index.ts';
import type { MlaSpec, ModelSpec, Stack, SwitchLayer } from './spec.ts';

/** Which keys a query sees. `tokens` is the window; 0 where it sees all. */
export interface AttentionSpan {
  readonly kind: 'full' | 'sliding' | 'chunked';
  readonly tokens: number;
}

/** One attention of a layer. */
export interface AttentionSpec {
  readonly heads: number;
  readonly kvHeads: number;
  /** Of queries and keys. */
  readonly headDim: number;
  /** Of values and context. */
  readonly valueDim: number;
  readonly mla: MlaSpec | null;
  readonly span: AttentionSpan;
  /** A query sees no later token. */
  readonly causal: boolean;
  /** One matrix makes keys and values. */
  readonly keysAreValues: boolean;
  /** Keys and values are those of an earlier layer. */
  readonly reusesKeys: boolean;
  /** Projections of queries, keys and values are experts. */
  readonly experts: boolean;
}

export type FeedForwardSpec =
  | { readonly kind: 'dense'; readonly width: number }
  /** `sharedWidth`: of all shared experts together, 0 without. `widths` [experts] where experts differ. */
  | {
      readonly kind: 'switch';
      readonly experts: number;
      readonly width: number;
      readonly widths: readonly number[] | null;
      readonly sharedWidth: number;
    };

/** One Transformer layer: self-attention, cross-attention in a decoder that has an encoder, and a feed-forward layer. */
export interface Layer {
  readonly stack: Stack;
  /** Index within the stack, from 0. */
  readonly index: number;
  /** Layers of equal stack, attention and feed-forward layer have the same text here; what is known of one holds for all. */
  readonly kind: string;
  readonly attention: AttentionSpec;
  readonly crossAttention: AttentionSpec | null;
  readonly feedForward: FeedForwardSpec;
  readonly parallelBlocks: boolean;
}

/** All layers in the order of the forward pass: encoder first. Remembered, because everybody asks for every layout of a search. */
export const layersOf = remember((model: ModelSpec): readonly Layer[] => {
  const encoder = Array.from({ length: model.encoderLayers }, (_, index) => layer(model, 'encoder', index));
  const decoder = Array.from({ length: model.decoderLayers }, (_, index) => layer(model, 'decoder', index));
  return [...encoder, ...decoder];
});

/** Layers with experts, in their feed-forward layer or in their attention. */
export function switchLayersOf(model: ModelSpec): SwitchLayer[] {
  return layersOf(model)
    .filter(({ feedForward, attention }) => feedForward.kind === 'switch' || attention.experts)
    .map(({ stack, index }) => ({ stack, layer: index }));
}

/** The stack whose output the logits are made from. */
export function outputStack(model: ModelSpec): Stack {
  return model.decoderLayers > 0 ? 'decoder' : 'encoder';
}

function layer(model: ModelSpec, stack: Stack, index: number): Layer {
  const attention = selfAttention(model, stack, index);
  const crossAttention = stack === 'decoder' && model.family === 'encoder-decoder' ? plainAttention(model, false) : null;
  const feedForward = feedForwardOf(model, stack, index);
  const ffn = feedForward.kind === 'dense' ? `${feedForward.width}` : 'switch';
  return {
    stack,
    index,
    kind: `${stack} ${attentionKind(attention)} ${ffn}`,
    attention,
    crossAttention,
    feedForward,
    parallelBlocks: model.parallelBlocks,
  };
}

function attentionKind({ heads, kvHeads, headDim, span, keysAreValues, reusesKeys, experts }: AttentionSpec): string {
  const words = [`${span.kind} ${heads}/${kvHeads}x${headDim}`];
  if (keysAreValues) words.push('keys are values');
  if (reusesKeys) words.push('reused');
  if (experts) words.push('experts');
  return words.join(' ');
}

function plainAttention(model: ModelSpec, causal: boolean): AttentionSpec {
  const { heads, kvHeads, headDim, mla } = model;
  return {
    heads,
    kvHeads,
    headDim,
    valueDim: mla === null ? headDim : mla.vHeadDim,
    mla,
    span: { kind: 'full', tokens: 0 },
    causal,
    keysAreValues: false,
    reusesKeys: false,
    experts: false,
  };
}

function selfAttention(model: ModelSpec, stack: Stack, index: number): AttentionSpec {
  const { window, kvSharedLastLayers, decoderLayers } = model;
  const plain = plainAttention(model, stack === 'decoder');
  const reusesKeys = stack === 'decoder' && index >= decoderLayers - kvSharedLastLayers;
  const experts = hasExperts(model, stack, index) && model.moe?.expertsIn !== 'ffn';
  if (window === null) return { ...plain, reusesKeys, experts };
  const isGlobal = window.globalEvery > 0 && (index + 1) % window.globalEvery === 0;
  if (!isGlobal) return { ...plain, span: { kind: window.kind, tokens: window.window }, reusesKeys, experts };
  const headDim = window.globalHeadDim ?? plain.headDim;
  return {
    ...plain,
    headDim,
    valueDim: headDim,
    kvHeads: window.globalKvHeads ?? plain.kvHeads,
    keysAreValues: window.globalSharedKv,
    reusesKeys,
    experts,
  };
}

function feedForwardOf(model: ModelSpec, stack: Stack, index: number): FeedForwardSpec {
  const { moe } = model;
  if (moe !== null && moe.expertsIn !== 'attention' && hasExperts(model, stack, index)) {
    return {
      kind: 'switch',
      experts: moe.experts,
      width: moe.dExpert,
      widths: moe.widths,
      sharedWidth: moe.sharedExperts * moe.sharedDim,
    };
  }
  const isShared = stack === 'decoder' && index >= model.decoderLayers - model.kvSharedLastLayers;
  return { kind: 'dense', width: model.dFf * (isShared && model.doubleWideFfnInSharedLayers ? 2 : 1) };
}

function hasExperts({ moe }: ModelSpec, stack: Stack, index: number): boolean {
  if (moe === null || (moe.where !== 'both' && moe.where !== stack)) return false;
  return index >= moe.firstDenseLayers && (index + 1) % moe.layersEvery === 0;
}
