import { bf16Elements, f32Elements, type TensorView } from '../../model/index.ts';
import { outputUnit } from './parameters.ts';
import type { CorePlan, PodPlan, SubLayerPlan } from './plan.ts';

/** A tensor that has an infinite value, or one that is no number. */
export interface NotFinite {
  readonly core: number;
  /** Null for the embedding and the output. */
  readonly layer: number | null;
  readonly tensor: string;
}

interface Place {
  readonly layer: number | null;
  readonly tensor: string;
  readonly viewOf: (core: CorePlan) => TensorView | null;
}

/** The tensor in which the last step first met such a value, in the order in which a step makes them: weights, forward pass, loss, gradients; null where there is none. */
export function firstNotFinite(plan: PodPlan, buffer: ArrayBufferLike): NotFinite | null {
  for (const { layer, tensor, viewOf } of [...weights(plan), ...activations(plan), ...gradients(plan)]) {
    for (const core of plan.microbatches.flat()) {
      const view = viewOf(core);
      if (view !== null && hasNotFinite(buffer, view)) return { core: core.core, layer, tensor };
    }
  }
  return null;
}

function weights(plan: PodPlan): Place[] {
  return plan.parameters.map(({ name }, index) => ({
    ...{ layer: layerOf(plan, index), tensor: `weights: ${name}` },
    viewOf: ({ held }) => held[index]?.stored ?? null,
  }));
}

/** The last unit's come first. */
function gradients(plan: PodPlan): Place[] {
  const places = plan.parameters.map(({ unit, name }, index) => ({
    ...{ unit, layer: layerOf(plan, index), tensor: `gradient: ${name}` },
    viewOf: ({ held }: CorePlan) => held[index]?.gradientShard ?? null,
  }));
  return places.sort((a, b) => b.unit - a.unit);
}

function layerOf({ parameters, layers, request }: PodPlan, index: number): number | null {
  const { unit } = parameters[index];
  return unit === 0 || (unit === outputUnit(request.model) && unit > 2 * layers.length) ? null : Math.floor((unit - 1) / 2);
}

function activations({ layers }: PodPlan): Place[] {
  const at = (layer: number | null, tensor: string, viewOf: Place['viewOf']): Place => ({ layer, tensor, viewOf });
  const ofLayers = layers.flatMap((_, layer) =>
    [2 * layer, 2 * layer + 1].flatMap((sub) => [
      ...SUB_LAYER_TENSORS.map(({ tensor, viewOf }) => at(layer, tensor, ({ sublayers }) => viewOf(sublayers[sub]))),
      at(layer, sub % 2 === 0 ? 'stream behind attention' : 'stream behind the feed-forward layer', ({ stream }) => stream[sub + 1]),
    ]),
  );
  return [
    at(null, 'embedding', ({ stream }) => stream[0]),
    ...ofLayers,
    at(null, 'norm of the output', ({ output }) => output?.normed ?? null),
    at(null, 'logits', ({ output }) => output?.logits ?? null),
    at(null, 'losses', ({ output }) => output?.losses ?? null),
  ];
}

/** In the order in which a sub-layer makes them. */
const SUB_LAYER_TENSORS: readonly { readonly tensor: string; readonly viewOf: (of: SubLayerPlan | null) => TensorView | null }[] = [
  { tensor: 'norm', viewOf: (of) => of?.normed ?? null },
  ...(['q', 'k', 'v', 'probabilities', 'context'] as const).map((name) => ({
    tensor: `attention ${name}`,
    viewOf: (of: SubLayerPlan | null) => (of?.kind === 'attention' ? of.attention[name] : null),
  })),
  { tensor: 'router logits', viewOf: (of) => (of?.kind === 'switch' ? of.logits : null) },
  { tensor: 'router probabilities', viewOf: (of) => (of?.kind === 'switch' ? of.probabilities : null) },
  { tensor: 'hidden units', viewOf: (of) => (of === null || of.kind === 'attention' ? null : of.hidden) },
  { tensor: 'outputs of experts', viewOf: (of) => (of?.kind === 'switch' ? of.returned : null) },
];

function hasNotFinite(buffer: ArrayBufferLike, view: TensorView): boolean {
  if (view.dtype === 'bf16') return bf16Elements(buffer, view).some((bits) => (bits & BF16_EXPONENT) === BF16_EXPONENT);
  return f32Elements(buffer, view).some((value) => !Number.isFinite(value));
}

const BF16_EXPONENT = 0x7f80;
