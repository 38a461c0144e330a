import { switchFeedForwardWeights } from '../../model/index.ts';
import { type Block, type CollectiveStep, compute, type Step } from '../block.ts';
import type { Stage } from '../program.ts';
import type { Sizes } from '../sizes.ts';
import type { SwitchShape } from '../switch-shape.ts';
import { ACTIVATION_GRADIENT_OPS, ACTIVATION_OPS } from './feed-forward.ts';

/**
 * Switch feed-forward layer with one-hot einsum dispatch (Mesh-TensorFlow, GShard): every slot is computed and sent, filled or not.
 * tensorflow/mesh mesh_tensorflow/transformer/moe.py; masks, and positions as a product with a triangular matrix, are as there.
 *
 * Per device:  G groups of S tokens, T = G S   d dModel   E experts, L of them here   C slots per expert and group   k choices
 *   F dExpert   g matrices into the hidden layer   R = C x all groups: rows of one expert
 *   mask [G, S, E C] dispatch and combine   sent [G, E C, d]   received [L, R, d]   u [L, R, g F]
 */
const NORM_OPS = 5;
/** Softmax, arg-max, one-hot, losses: element-wise operations and f32 passes over [T, E] per choice. */
const GATE_OPS = 30;
const GATE_PASSES = 8;
const GATE_GRADIENT_OPS = 12;
const GATE_GRADIENT_PASSES = 4;
/** Building the masks: gate x one-hot(expert) x one-hot(position), and the comparison that makes the dispatch mask. */
const MASK_OPS = 4;

export function switchFeedForwardBlock(sizes: Sizes, shape: SwitchShape, name: string): Block {
  const { model, activationBytes: a } = sizes;
  const n = numbersOf(sizes, shape);
  return {
    name,
    forward: [...routeForward(n), ...toExperts(n, 'fw'), ...expertsForward(n), ...fromExperts(n, 'fw'), ...combineForward(n)],
    backward: [
      ...combineBackward(n),
      ...toExperts(n, 'agrad'),
      ...expertsBackward(n),
      ...fromExperts(n, 'agrad'),
      ...dispatchBackward(n),
      ...routeBackward(n),
    ],
    recomputable: true,
    input: { name: 'block inputs', bytes: a * n.T * n.d },
    encoderOutput: null,
    saved: [
      { name: 'router probabilities', bytes: 4 * n.T * n.E },
      { name: 'dispatch and combine masks', bytes: 2 * a * n.mask },
      { name: 'expert inputs', bytes: a * n.received },
      { name: 'expert hidden', bytes: a * n.hidden },
      { name: 'expert outputs', bytes: a * n.sent },
    ],
    workingForward: [{ name: 'all-to-all buffers', bytes: a * n.sent }],
    workingBackward: [
      { name: 'expert gradients', bytes: a * (n.hidden + n.received + n.sent) },
      { name: 'combine mask gradients', bytes: a * n.mask },
    ],
    weights: switchFeedForwardWeights(model),
  };
}

interface Numbers {
  readonly sizes: Sizes;
  readonly shape: SwitchShape;
  readonly a: number;
  readonly w: number;
  readonly T: number;
  readonly G: number;
  readonly S: number;
  readonly d: number;
  readonly E: number;
  readonly L: number;
  readonly R: number;
  readonly F: number;
  readonly g: number;
  /** E C: slots of one group. */
  readonly slots: number;
  /** Elements of one mask, of what is sent and received, and of the hidden layer. */
  readonly mask: number;
  readonly sent: number;
  readonly received: number;
  readonly hidden: number;
}

function numbersOf(sizes: Sizes, shape: SwitchShape): Numbers {
  const { model, activationBytes: a, weightBytes: w } = sizes;
  const { groupTokens: S, experts: E, expertCapacity: C, expertsPerDevice: L, groupsPerDevice: G } = shape;
  const d = model.dModel;
  const F = model.moe?.dExpert ?? 0;
  const g = model.ffnMatrices - 1;
  const T = G * S;
  // With experts on an axis, a device gets its experts' slots from every group; with all experts local, only from its own groups.
  const R = C * (shape.expertsPerDevice === E ? G : shape.groups);
  const slots = E * C;
  return {
    sizes,
    shape,
    a,
    w,
    T,
    G,
    S,
    d,
    E,
    L,
    R,
    F,
    g,
    slots,
    mask: T * slots,
    sent: G * slots * d,
    received: L * R * d,
    hidden: L * R * g * F,
  };
}

function routeForward({ a, w, T, G, S, d, E, slots, mask, sent, shape }: Numbers): Step[] {
  const k = shape.topK;
  return [
    compute('fw', 'router', 'norm, logits, gates', {
      matmuls: [{ m: T, k: d, n: E, batch: 1 }],
      vectorOps: NORM_OPS * T * d + k * GATE_OPS * T * E,
      hbmBytes: a * T * d + w * d * E + k * GATE_PASSES * 4 * T * E,
    }),
    compute('fw', 'router', 'positions', { matmuls: [{ m: E, k: S, n: S, batch: G * k }], hbmBytes: k * 2 * 4 * T * E }),
    compute('fw', 'dispatch', 'masks', { vectorOps: k * MASK_OPS * mask, hbmBytes: 3 * a * mask }),
    compute('fw', 'dispatch', 'einsum', { matmuls: [{ m: slots, k: S, n: d, batch: G }], hbmBytes: a * (mask + T * d + sent) }),
  ];
}

function routeBackward({ a, w, T, d, E, mask, shape }: Numbers): Step[] {
  const k = shape.topK;
  return [
    compute('agrad', 'router', 'gates', {
      vectorOps: 2 * mask + k * GATE_GRADIENT_OPS * T * E,
      hbmBytes: 2 * a * mask + k * GATE_GRADIENT_PASSES * 4 * T * E,
    }),
    compute('agrad', 'router', 'norm, logits', {
      matmuls: [{ m: T, k: E, n: d, batch: 1 }],
      vectorOps: 2 * NORM_OPS * T * d,
      // Gradient of the dispatched tokens, x and dy in, dx out.
      hbmBytes: 4 * T * E + w * d * E + 4 * a * T * d,
    }),
    compute('wgrad', 'router', 'logits', { matmuls: [{ m: d, k: T, n: E, batch: 1 }], hbmBytes: a * T * d + 4 * (T * E + d * E) }),
  ];
}

function expertsForward({ a, w, d, L, R, F, g, received, hidden }: Numbers): Step[] {
  return [
    compute('fw', 'experts', 'in', {
      matmuls: [{ m: R, k: d, n: g * F, batch: L }],
      hbmBytes: a * (received + hidden) + w * L * g * d * F,
    }),
    compute('fw', 'experts', 'activation, out', {
      matmuls: [{ m: R, k: F, n: d, batch: L }],
      vectorOps: ACTIVATION_OPS * L * R * F,
      hbmBytes: a * (hidden + received) + w * L * F * d,
    }),
  ];
}

function expertsBackward({ a, w, d, L, R, F, g, received, hidden }: Numbers): Step[] {
  return [
    compute('agrad', 'experts', 'out, activation', {
      matmuls: [{ m: R, k: d, n: F, batch: L }],
      vectorOps: ACTIVATION_GRADIENT_OPS * L * R * F,
      hbmBytes: a * (received + 2 * hidden) + w * L * F * d,
    }),
    compute('wgrad', 'experts', 'out', {
      matmuls: [{ m: F, k: R, n: d, batch: L }],
      vectorOps: ACTIVATION_OPS * L * R * F,
      hbmBytes: a * (hidden + received + L * F * d),
    }),
    compute('agrad', 'experts', 'in', {
      matmuls: [{ m: R, k: g * F, n: d, batch: L }],
      hbmBytes: a * (hidden + received) + w * L * g * d * F,
    }),
    compute('wgrad', 'experts', 'in', {
      matmuls: [{ m: d, k: R, n: g * F, batch: L }],
      hbmBytes: a * (received + hidden + L * g * d * F),
    }),
  ];
}

function combineForward({ a, T, G, S, d, slots, mask, sent }: Numbers): Step[] {
  return [
    compute('fw', 'combine', 'einsum', {
      matmuls: [{ m: S, k: slots, n: d, batch: G }],
      vectorOps: T * d,
      hbmBytes: a * (mask + sent + 2 * T * d),
    }),
  ];
}

function combineBackward({ a, T, G, S, d, slots, mask, sent }: Numbers): Step[] {
  return [
    compute('agrad', 'combine', 'einsum to expert outputs', {
      matmuls: [{ m: slots, k: S, n: d, batch: G }],
      hbmBytes: a * (mask + T * d + sent),
    }),
    compute('agrad', 'combine', 'einsum to combine mask', {
      matmuls: [{ m: S, k: d, n: slots, batch: G }],
      hbmBytes: a * (T * d + sent + mask),
    }),
  ];
}

function dispatchBackward({ a, T, G, S, d, slots, mask, sent }: Numbers): Step[] {
  return [compute('agrad', 'dispatch', 'einsum', { matmuls: [{ m: S, k: slots, n: d, batch: G }], hbmBytes: a * (mask + sent + T * d) })];
}

function toExperts(n: Numbers, stage: Stage): Step[] {
  return exchange(n, stage, 'all-to-all to experts');
}

function fromExperts(n: Numbers, stage: Stage): Step[] {
  return exchange(n, stage, 'all-to-all from experts');
}

function exchange({ sizes, a, sent }: Numbers, stage: Stage, name: string): CollectiveStep[] {
  const meshAxis = sizes.layout.expertsOver;
  if (meshAxis === 'none' || sizes.layout.ici[meshAxis] === 1) return [];
  return [{ kind: 'collective', name, part: 'all-to-all', stage, collective: 'all-to-all', meshAxis, bytes: a * sent }];
}
