import { assert } from '../../base/index.ts';
import { axisSize, type LayoutSpec } from '../../layout/index.ts';
import { dense, expertMatrices, type ModelSpec, vector, type WeightMatrix } from '../../model/index.ts';
import { hasGatesOfDomains, type PodRequest, readByRouter } from './request.ts';

/** A weight that a step multiplies with or updates as one. */
export interface Parameter {
  readonly name: ParameterName;
  /** 0 the embedding, 1 + 2 l the attention of layer l, 2 + 2 l its feed-forward layer, and last the output matrix where it is one of its own. */
  readonly unit: number;
  readonly matrix: WeightMatrix;
  /** Standard deviation of its first values, which are 0 where that is; null: they are 1. */
  readonly deviation: number | null;
}

export type ParameterName =
  | 'table'
  | 'positions'
  | 'gain'
  | 'query'
  | 'key'
  | 'value'
  | 'output'
  | 'gate'
  | 'in'
  | 'out'
  | 'router'
  /** W_noise, and the gates of all domains but the first, whose is `router`; both only where the router has them. */
  | 'noise'
  | 'gates';

/** What the model, and so the program, does not have: the bytes of these are counted apart. */
const BESIDE_THE_MODEL: Readonly<Partial<Record<ParameterName, string>>> = { noise: 'noise weights', gates: 'gates of domains' };

/** Whether the program has no such weights. */
export function isBesideTheModel({ name }: Pick<Parameter, 'name'>): boolean {
  return BESIDE_THE_MODEL[name] !== undefined;
}

/** The name under which bytes of a parameter are counted that move along axes of that name. */
export function trafficName(axis: string, { name }: Pick<Parameter, 'name'>): string {
  const beside = BESIDE_THE_MODEL[name];
  return beside === undefined ? axis : `${axis} (${beside})`;
}

export type LayerKind = 'dense' | 'switch';

/** What each layer's feed-forward part is. */
export function layerKinds({ decoderLayers, moe }: ModelSpec): LayerKind[] {
  return Array.from({ length: decoderLayers }, (_, layer) =>
    moe !== null && layer >= moe.firstDenseLayers && (layer + 1) % moe.layersEvery === 0 ? 'switch' : 'dense',
  );
}

/** Whether feed-forward layers have a gate. */
export function isGated({ ffnMatrices }: ModelSpec): boolean {
  return ffnMatrices === 3;
}

/** Runs of equally many layers that a pipeline is made of; one without. */
export function runsOf(layout: LayoutSpec): number {
  const stages = axisSize(layout, 'pipeline');
  return stages === 1 ? 1 : stages * layout.pipeline.repeats;
}

/** The stage that has a layer: runs are dealt out in turn. */
export function stageOfLayer(layer: number, { decoderLayers }: ModelSpec, layout: LayoutSpec): number {
  return Math.floor((layer * runsOf(layout)) / decoderLayers) % axisSize(layout, 'pipeline');
}

/** The stages that hold a parameter: the last one has the norm before the logits, and a copy of a tied table. */
export function stagesOf({ name, unit }: Pick<Parameter, 'name' | 'unit'>, model: ModelSpec, layout: LayoutSpec): number[] {
  const last = axisSize(layout, 'pipeline') - 1;
  if (unit === EMBEDDING) return name === 'gain' ? [last] : name === 'table' && model.tiedEmbeddings && last > 0 ? [0, last] : [0];
  if (unit === outputUnit(model)) return [last];
  return [stageOfLayer(Math.floor((unit - 1) / 2), model, layout)];
}

/** Numbers of units. */
export const EMBEDDING = 0;

export function attentionUnit(layer: number): number {
  return 1 + 2 * layer;
}

export function feedForwardUnit(layer: number): number {
  return 2 + 2 * layer;
}

/** The unit that has the matrix of the logits. */
export function outputUnit({ tiedEmbeddings, decoderLayers }: ModelSpec): number {
  return tiedEmbeddings ? EMBEDDING : feedForwardUnit(decoderLayers);
}

/**
 * All weights, those of a unit together. First values have the deviation sqrt(s / n), n the rows of a product, its fan-in (Switch Transformers, arXiv 2101.03961v3, section 2.4),
 * and dModel for rows of tables, so that tied logits begin small; s is the request's scale. W_noise begins at 0 (Shazeer et al. 2017, arXiv 1701.06538, appendix A).
 */
export function parametersOf(request: PodRequest, domains: number): Parameter[] {
  const { model } = request;
  expectKnown(model);
  const { vocab, dModel, heads, headDim, dFf, moe, positions } = model;
  const inner = heads * headDim;
  const inwards = isGated(model) ? (['gate', 'in'] as const) : (['in'] as const);
  const parameters: Parameter[] = [];
  const add = (unit: number, name: ParameterName, matrix: WeightMatrix, fanIn: number | null = matrix.rows): void => {
    parameters.push({ name, unit, matrix, deviation: fanIn === null ? null : Math.sqrt(request.initialisationScale / fanIn) });
  };
  const addRouter = (unit: number, experts: number): void => {
    add(unit, 'router', dense(dModel, experts, 'none'));
    if (readByRouter(request, 'noiseLogits')) add(unit, 'noise', dense(dModel, experts, 'none'), Number.POSITIVE_INFINITY);
    if (hasGatesOfDomains(request) && domains > 1) add(unit, 'gates', dense((domains - 1) * dModel, experts, 'none'), dModel);
  };
  add(EMBEDDING, 'table', dense(vocab, dModel, 'rows'), dModel);
  if (positions.kind === 'learned') add(EMBEDDING, 'positions', dense(positions.count, dModel, 'none'), dModel);
  add(EMBEDDING, 'gain', vector(dModel), null);
  for (const [layer, kind] of layerKinds(model).entries()) {
    const attention = attentionUnit(layer);
    for (const name of ['query', 'key', 'value'] as const) add(attention, name, dense(dModel, inner, 'columns'));
    add(attention, 'output', dense(inner, dModel, 'rows'));
    add(attention, 'gain', vector(dModel), null);
    const unit = feedForwardUnit(layer);
    if (kind === 'switch' && moe !== null) {
      addRouter(unit, moe.experts);
      for (const name of inwards) add(unit, name, expertMatrices(moe.experts, dModel, moe.dExpert, 'columns'));
      add(unit, 'out', expertMatrices(moe.experts, moe.dExpert, dModel, 'rows'));
    } else {
      for (const name of inwards) add(unit, name, dense(dModel, dFf, 'columns'));
      add(unit, 'out', dense(dFf, dModel, 'rows'));
    }
    add(unit, 'gain', vector(dModel), null);
  }
  if (!model.tiedEmbeddings) add(outputUnit(model), 'table', dense(dModel, vocab, 'columns'));
  return parameters;
}

/** Refuses what a pod does not learn yet with the name of what it is. */
function expectKnown(model: ModelSpec): void {
  const { family, encoderLayers, kvHeads, heads, mla, window, ffnMatrices, activation, positions, moe } = model;
  assert(family === 'decoder' && encoderLayers === 0, `a pod learns decoders, not ${family}`);
  assert(kvHeads === heads && mla === null && window === null, 'a pod learns attention with as many heads of keys as of queries');
  const suits = ffnMatrices === 2 ? activation === 'relu' : activation !== 'relu';
  assert(suits, `a pod learns ReLU between two matrices, or GELU and SiLU with a gate, not ${activation} with ${ffnMatrices}`);
  assert(positions.kind === 'none' || positions.kind === 'learned', `a pod learns tables of positions, not ${positions.kind} ones`);
  const plain = !model.attentionBias && !model.ffnBias && !model.parallelBlocks && model.perLayerEmbeddingDim === 0;
  assert(plain && model.kvSharedLastLayers === 0, 'a pod learns layers without biases, one after the other');
  const plainExperts = moe === null || (moe.widths === null && moe.sharedExperts === 0 && moe.expertsIn === 'ffn' && !moe.routerBias);
  assert(plainExperts, 'a pod learns feed-forward experts of one width');
}
