import type { Layer } from '../../model/index.ts';
import { type Sizes, tokensOf } from '../sizes.ts';
import { ENCODER_OUTPUT, gradientOf, type Tensor, type Unit } from '../unit.ts';
import { attentionSubLayer } from './attention.ts';
import type { AttentionShape } from './attention-numbers.ts';
import { feedForwardSubLayer } from './feed-forward.ts';
import { ownEmbeddingSubLayer } from './own-embedding.ts';
import { gatherOfStream, type Place, type SubLayer, tensor, wholeName } from './sub-layer.ts';
import { type Routed, switchFeedForwardSubLayer } from './switch-feed-forward.ts';

/** How tokens of a layer come to its experts; null where it has none. */
export interface LayerRouting {
  readonly attention: Routed | null;
  readonly feedForward: Routed | null;
}

/** One Transformer layer as a unit: attention, cross-attention, feed-forward layer, and what takes in the layer's own embedding; backwards in reverse. */
export function layerUnit(sizes: Sizes, layer: Layer, routing: LayerRouting, kind: string): Unit {
  const additions = additionsOf(sizes, layer, routing);
  const T = tokensOf(sizes, layer.stack);
  const parts = additions.map(({ build }, index) => {
    const place = placeAt(sizes, index, additions.length);
    return betweenShards(sizes, T, place, build(place));
  });
  const readsEncoder = layer.crossAttention !== null && sizes.kind !== 'decode';
  return {
    name: kind,
    kind,
    tensors: [
      ...streamTensors(sizes, layer, additions),
      ...(readsEncoder ? encoderTensors(sizes) : []),
      ...all(parts, ({ tensors }) => tensors),
    ],
    input: 'x',
    output: streamName(additions.length, additions.length),
    forward: all(parts, ({ forward }) => forward),
    backward: all([...parts].reverse(), ({ backward }) => backward),
    weights: all(parts, ({ weights }) => weights),
    tied: [],
    resident: all(parts, ({ resident }) => resident),
    loop: sizes.layers === 'loop' ? layer.stack : null,
    recomputable: true,
    readsEncoder,
  };
}

/**
 * Where activations between sub-layers are sharded, products of both passes read copies that are gathered before the first of them; those of cross-attention
 * of the encoder's output too, with the same gather.
 */
function betweenShards(sizes: Sizes, T: number, { x, dy }: Place, part: SubLayer): SubLayer {
  if (sizes.activationShards === 1) return part;
  const elements = T * sizes.model.dModel;
  const encoded = part.forward.some(({ reads }) => reads.includes(wholeName(sizes, ENCODER_OUTPUT))) ? [ENCODER_OUTPUT] : [];
  const inputElements = elements + (encoded.length > 0 ? tokensOf(sizes, 'encoder') * sizes.model.dModel : 0);
  const own = gatherOfStream(sizes, 'fw', x, inputElements, part.forward[0].segment);
  const inputs = { ...own, steps: own.steps.map((step) => ({ ...step, reads: [...step.reads, ...encoded] })) };
  const { backward } = part;
  const gradients = backward.length === 0 ? { steps: [], tensors: [] } : gatherOfStream(sizes, 'agrad', dy, elements, backward[0].segment);
  return {
    ...part,
    forward: [...inputs.steps, ...part.forward],
    backward: [...gradients.steps, ...backward],
    tensors: [...part.tensors, ...inputs.tensors, ...gradients.tensors],
  };
}

/** One behind the other; units are built tens of thousands of times a second, and `flatMap` is several times slower. */
function all<Item>(parts: readonly SubLayer[], of: (part: SubLayer) => readonly Item[]): Item[] {
  const items: Item[] = [];
  for (const part of parts) for (const item of of(part)) items.push(item);
  return items;
}

/** Something that is added to the stream of a layer, and the policies' name of the sum. */
interface Addition {
  readonly build: (place: Place) => SubLayer;
  readonly remat: string | null;
}

function additionsOf(sizes: Sizes, layer: Layer, routing: LayerRouting): Addition[] {
  const own: Addition[] =
    sizes.model.perLayerEmbeddingDim > 0
      ? [{ build: (place) => ownEmbeddingSubLayer(sizes, tokensOf(sizes, layer.stack), place), remat: null }]
      : [];
  // Experts read a norm of their own.
  if (layer.parallelBlocks && routing.feedForward === null) {
    return [{ build: (place) => besideEachOther(sizes, layer, routing, place), remat: 'mlpwo' }, ...own];
  }
  const attention = attentionShape(sizes, layer, false);
  const cross = crossShape(sizes, layer);
  return [
    { build: (place) => attentionSubLayer(sizes, attention, place, { joined: [], routed: routing.attention }), remat: 'out_proj' },
    ...(cross === null ? [] : [{ build: (place: Place) => attentionSubLayer(sizes, cross, place, ALONE), remat: null }]),
    { build: (place) => feedForward(sizes, layer, routing, place), remat: 'mlpwo' },
    ...own,
  ];
}

const ALONE = { joined: [], routed: null };

/** Attention and feed-forward layer read the same normed input, and their outputs are added (PaLM, arXiv 2204.02311, section 2): one sum over the tensor axis. */
function besideEachOther(sizes: Sizes, layer: Layer, routing: LayerRouting, place: Place): SubLayer {
  const T = tokensOf(sizes, layer.stack);
  const bytes = sizes.activationBytes * T * sizes.model.dModel;
  const joined = ['d ffn input'];
  const shape = {
    width: layer.feedForward.width,
    tokens: T,
    part: 'dense ffn',
    steps: 'ffn',
    name: 'ffn',
    attention: ATTENTION_OUTPUT,
  } as const;
  const surroundings = { joined, routed: routing.attention };
  const attention = attentionSubLayer(sizes, attentionShape(sizes, layer, true), { ...place, y: ATTENTION_OUTPUT }, surroundings);
  const ffnPlace = { ...place, dx: joined[0], segment: place.segment + 2 };
  const ffn = feedForwardSubLayer(sizes, { ...shape, stands: 'beside attention' }, ffnPlace);
  return {
    forward: [...attention.forward, ...ffn.forward],
    backward: [...ffn.backward, ...attention.backward],
    tensors: [
      ...attention.tensors,
      ...ffn.tensors,
      tensor(ATTENTION_OUTPUT, 'attention output', bytes, 'out_proj'),
      ...(sizes.learns ? [tensor(joined[0], 'activation gradients', bytes)] : []),
    ],
    weights: [...attention.weights, ...ffn.weights],
    resident: attention.resident,
  };
}

const ATTENTION_OUTPUT = 'attention output';

function feedForward(sizes: Sizes, { stack, feedForward: spec }: Layer, { feedForward: routed }: LayerRouting, place: Place): SubLayer {
  if (spec.kind === 'switch' && routed !== null) return switchFeedForwardSubLayer(sizes, spec, routed, place);
  const shape = { width: spec.width, tokens: tokensOf(sizes, stack), part: 'dense ffn', steps: 'ffn', name: 'ffn' };
  return feedForwardSubLayer(sizes, { ...shape, stands: 'alone', attention: null }, place);
}

function attentionShape(sizes: Sizes, { stack, attention: spec }: Layer, parallel: boolean): AttentionShape {
  const length = sizes.length[stack];
  return { name: 'attention', spec, queryLength: length, ownKeyLength: length, keyLength: sizes.wholeLength[stack], parallel };
}

function crossShape(sizes: Sizes, { stack, crossAttention: spec }: Layer): AttentionShape | null {
  if (spec === null) return null;
  const { length, wholeLength } = sizes;
  const keys = { ownKeyLength: length.encoder, keyLength: wholeLength.encoder };
  return { name: 'cross-attention', spec, queryLength: length[stack], ...keys, parallel: false };
}

/** Names of the stream from addition to addition: x, x1, x2, ..., y. */
function streamName(index: number, count: number): string {
  if (index === 0) return 'x';
  return index === count ? 'y' : `x${index}`;
}

/** Numbers of pipelines that one addition may have. */
const SEGMENTS = 8;

function placeAt(sizes: Sizes, index: number, count: number): Place {
  const x = streamName(index, count);
  const y = streamName(index + 1, count);
  const dy = gradientOf(y);
  const whole = { wholeX: wholeName(sizes, x), wholeDy: wholeName(sizes, dy) };
  return { x, y, dx: gradientOf(x), dy, ...whole, segment: 1 + SEGMENTS * index };
}

function streamTensors(sizes: Sizes, { stack }: Layer, additions: readonly Addition[]): Tensor[] {
  const bytes = (sizes.activationBytes * tokensOf(sizes, stack) * sizes.model.dModel) / sizes.activationShards;
  const names = Array.from({ length: additions.length + 1 }, (_, index) => streamName(index, additions.length));
  // The sum of one addition is the input of the next; that of the last one is placed by the unit that reads it, or as what it is by a block of layers.
  const places = ['decoder_layer_input', ...additions.map(({ remat }) => remat)];
  const forward = names.map((name, index) => tensor(name, 'block inputs', bytes, places[index]));
  const backward = names.map((name) => tensor(gradientOf(name), 'activation gradients', bytes));
  return sizes.learns ? [...forward, ...backward] : forward;
}

function encoderTensors(sizes: Sizes): Tensor[] {
  const bytes = (sizes.activationBytes * tokensOf(sizes, 'encoder') * sizes.model.dModel) / sizes.activationShards;
  const output = tensor(ENCODER_OUTPUT, 'encoder output', bytes);
  return sizes.learns ? [output, tensor(gradientOf(ENCODER_OUTPUT), 'encoder output gradient', bytes)] : [output];
}
