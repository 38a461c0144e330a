import { denseFeedForwardWeights, feedForwardMatrices } from '../../model/index.ts';
import type { Sizes } from '../sizes.ts';
import { compute, type Step, type Tensor } from '../unit.ts';
import { activationGradientOps, activationOps, NORM_GRADIENT_OPS, NORM_OPS } from './element-ops.ts';
import { weightProduct } from './products.ts';
import { type Place, type SubLayer, segmentOf, segmentOfReader, sumOfStream, tensor, unsummed } from './sub-layer.ts';

/**
 * Dense feed-forward layer with norm before and residual after: y = x + act(x W_in) W_out, gated when the model has three matrices.
 *
 * T tokens per device   d dModel   F width on the device   g matrices into the hidden layer: 1, or 2 when gated
 *   x [T, d]   u [T, g F] before the activation, kept; the activation is recomputed where it is read
 *   da [T, F] gradient of the activation; that of a gated u is made of u and da where it is read, as compilers do with what is element-wise
 */
export interface FeedForwardShape {
  /** Width before the tensor axis cuts it. */
  readonly width: number;
  readonly tokens: number;
  readonly part: string;
  /** Before the names of its steps, and its weight group. */
  readonly steps: string;
  readonly name: string;
  /**
   * `alone`: norm before, residual after. `beside attention`: reads the norm that attention has made, adds the attention's output and the residual, and leaves
   * the gradient of what it reads to attention. `shared experts`: the same without any addition; the combination of the experts' outputs adds.
   */
  readonly stands: 'alone' | 'beside attention' | 'shared experts';
  /** Output of the attention that it stands beside. */
  readonly attention: string | null;
}

export function feedForwardSubLayer(sizes: Sizes, shape: FeedForwardShape, place: Place): SubLayer {
  const n = numbersOf(sizes, shape, place);
  const { model } = sizes;
  const isShared = shape.stands === 'shared experts';
  const matrices = isShared ? feedForwardMatrices(model, shape.width) : denseFeedForwardWeights(model, shape.width);
  return {
    forward: [...forward(n), ...n.output.steps],
    backward: sizes.learns ? backward(n) : [],
    tensors: tensorsOf(n),
    weights: [{ name: shape.name, matrices }],
    resident: [],
  };
}

type Numbers = ReturnType<typeof numbersOf>;

function numbersOf(sizes: Sizes, shape: FeedForwardShape, place: Place) {
  const { tokens: T, steps: name, stands } = shape;
  const d = sizes.model.dModel;
  const g = sizes.model.ffnMatrices - 1;
  const shared = stands === 'shared experts' ? 'shared ' : '';
  return {
    sizes,
    shape,
    place,
    a: sizes.activationBytes,
    T,
    d,
    F: shape.width / sizes.tensor,
    g,
    hidden: hiddenNames(sizes, shared),
    /** Gradient of the activation; without a gate of what is before it, in the same place. */
    dHidden: `d ${shared}hidden`,
    /** Elements of a token that norm and residual see here. */
    own: d / sizes.activationShards,
    output: sumOfStream(sizes, 'fw', `${name}: out`, place.y, T * d, place.segment),
    // Beside attention the two gradients are added before they are summed.
    input:
      stands === 'beside attention'
        ? unsummed(place.dx)
        : sumOfStream(sizes, 'agrad', `${name}: input gradient`, place.dx, T * d, place.segment + 1),
  };
}

/** The two halves of a gated layer are placed by policies one by one. */
function hiddenNames({ model }: Sizes, prefix: string): string[] {
  return model.ffnMatrices === 3 ? [`${prefix}mlpwi_0`, `${prefix}mlpwi_1`] : [`${prefix}mlpwi`];
}

function forward(n: Numbers): Step[] {
  const { sizes, shape, place, a, T, d, F, g, own, hidden, output } = n;
  const { part, name, steps, stands, attention } = shape;
  const { ffnBias } = sizes.model;
  const isAlone = stands === 'alone';
  // Added to the result: the residual, where it is sharded each member's part, and what attention made.
  const added = isAlone ? [place.x] : attention === null ? [] : [place.x, attention];
  const addedColumns = (isAlone || attention !== null ? own : 0) + (attention === null ? 0 : d);
  return [
    compute('fw', part, `${steps}: ${isAlone ? 'norm, in' : 'in'}`, {
      work: weightProduct(sizes, 'fw', {
        matmuls: [{ m: T, k: d, n: g * F, batch: 1 }],
        vectorOps: (isAlone ? NORM_OPS * T * own : 0) + (ffnBias ? T * g * F : 0),
        hbmBytes: a * T * (d + g * F),
        weights: g * d * F,
      }),
      reads: [place.wholeX],
      makes: hidden,
      uses: [name],
      segment: segmentOfReader(sizes, place.segment),
    }),
    compute('fw', part, `${steps}: activation, out`, {
      work: weightProduct(sizes, 'fw', {
        matmuls: [{ m: T, k: F, n: d, batch: 1 }],
        vectorOps: activationOps(sizes.model) * T * F + T * (addedColumns + (ffnBias ? own : 0)),
        hbmBytes: a * T * (g * F + d + addedColumns),
        weights: F * d,
      }),
      reads: [...hidden, ...added],
      makes: [output.partial],
      uses: [name],
      segment: segmentOf(sizes, place.segment),
    }),
  ];
}

function backward(n: Numbers): Step[] {
  const { sizes, shape, place, a, T, d, F, g, own, hidden, dHidden, input } = n;
  const { part, name, steps, stands } = shape;
  const isAlone = stands === 'alone';
  const gradient = g === 1 ? [dHidden] : [dHidden, ...hidden];
  return [
    compute('agrad', part, `${steps}: out, activation`, {
      work: weightProduct(sizes, 'agrad', {
        matmuls: [{ m: T, k: d, n: F, batch: 1 }],
        vectorOps: activationGradientOps(sizes.model) * T * F,
        hbmBytes: a * T * (d + 2 * g * F),
        weights: F * d,
      }),
      reads: [place.wholeDy, ...hidden],
      makes: [dHidden],
      uses: [name],
      segment: segmentOfReader(sizes, place.segment + 4),
    }),
    compute('wgrad', part, `${steps}: out`, {
      work: weightProduct(sizes, 'wgrad', {
        matmuls: [{ m: F, k: T, n: d, batch: 1 }],
        vectorOps: activationOps(sizes.model) * T * F,
        hbmBytes: a * (T * (g * F + d) + F * d),
      }),
      reads: [...hidden, place.wholeDy],
      gradients: [name],
    }),
    compute('agrad', part, `${steps}: ${isAlone ? 'norm, in' : 'in'}`, {
      work: weightProduct(sizes, 'agrad', {
        matmuls: [{ m: T, k: g * F, n: d, batch: 1 }],
        vectorOps: isAlone ? NORM_GRADIENT_OPS * T * own : 0,
        hbmBytes: a * T * (g * F + d + (isAlone ? 2 * own : 0)),
        weights: g * d * F,
      }),
      reads: isAlone ? [...gradient, place.x, place.dy] : gradient,
      makes: [input.partial],
      uses: [name],
      segment: stands === 'beside attention' ? 0 : segmentOf(sizes, place.segment + 1),
    }),
    ...input.steps,
    compute('wgrad', part, `${steps}: in`, {
      work: weightProduct(sizes, 'wgrad', {
        matmuls: [{ m: d, k: T, n: g * F, batch: 1 }],
        hbmBytes: a * (T * (d + g * F) + g * d * F),
      }),
      reads: [place.wholeX, ...gradient],
      gradients: [name],
    }),
  ];
}

function tensorsOf({ sizes, shape, a, T, F, hidden, dHidden, output, input }: Numbers): Tensor[] {
  const isShared = shape.stands === 'shared experts';
  const label = isShared ? 'shared expert hidden' : 'feed-forward hidden';
  const kept = hidden.map((name) => tensor(name, label, a * T * F, isShared ? null : name));
  if (!sizes.learns) return [...kept, ...output.tensors];
  return [...kept, ...output.tensors, tensor(dHidden, 'feed-forward hidden gradients', a * T * F), ...input.tensors];
}
