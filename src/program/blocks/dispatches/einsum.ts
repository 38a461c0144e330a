import { compute, type Step } from '../../block.ts';
import type { SwitchNumbers } from '../switch-numbers.ts';
import type { Dispatch } from './dispatch.ts';

/** Building the masks: gate x one-hot(expert) x one-hot(position), and the comparison that makes the dispatch mask. */
const MASK_OPS = 4;

/**
 * One-hot products (Mesh-TensorFlow, GShard): every slot is computed and sent, filled or not. Masks, and positions as a product with a triangular
 * matrix, are as in tensorflow/mesh mesh_tensorflow/transformer/moe.py. Copy this one to add a way of dispatch.
 *   mask [G, S, E C] dispatch and combine   sent [G, E C, d]
 */
export const einsum: Dispatch = {
  send: (n) => [
    ...positions(n),
    compute('fw', 'dispatch', 'masks', { vectorOps: n.k * MASK_OPS * maskOf(n), hbmBytes: 3 * n.a * maskOf(n) }),
    compute('fw', 'dispatch', 'einsum', toSlots(n)),
  ],
  regroup: () => [],
  combine: (n) => [
    compute('fw', 'combine', 'einsum', {
      matmuls: fromSlots(n).matmuls,
      vectorOps: n.T * n.d,
      hbmBytes: n.a * (maskOf(n) + n.sent + 2 * n.T * n.d),
    }),
  ],
  combineBackward: (n) => [compute('agrad', 'combine', 'einsum to expert outputs', toSlots(n)), ...toCombineMask(n)],
  sendBackward: (n) => [compute('agrad', 'dispatch', 'einsum', fromSlots(n))],
  weightGradients: (n) => ({ vectorOps: 2 * maskOf(n), hbmBytes: 2 * n.a * maskOf(n) }),
  routes: (n) => ({ name: 'dispatch and combine masks', bytes: 2 * n.a * maskOf(n) }),
  workingForward: () => [],
  workingBackward: (n) => [{ name: 'combine mask gradients', bytes: n.gate.learned ? n.a * maskOf(n) : 0 }],
};

function positions(n: SwitchNumbers): Step[] {
  if (!n.gate.queues) return [];
  const matmuls = [{ m: n.E, k: n.S, n: n.S, batch: n.G * n.k }];
  return [compute('fw', 'router', 'positions', { matmuls, hbmBytes: n.k * 2 * 4 * n.T * n.E })];
}

/** Nobody asks for the gradient of weights that nothing learns from. */
function toCombineMask(n: SwitchNumbers): Step[] {
  if (!n.gate.learned) return [];
  const matmuls = [{ m: n.S, k: n.d, n: n.E * n.C, batch: n.G }];
  return [compute('agrad', 'combine', 'einsum to combine mask', { matmuls, hbmBytes: n.a * (n.T * n.d + n.sent + maskOf(n)) })];
}

/** Elements of one mask. */
function maskOf({ T, E, C }: SwitchNumbers): number {
  return T * E * C;
}

/** Mask in, tokens [T, d] in, slots out. */
function toSlots(n: SwitchNumbers) {
  return { matmuls: [{ m: n.E * n.C, k: n.S, n: n.d, batch: n.G }], hbmBytes: n.a * (maskOf(n) + n.T * n.d + n.sent) };
}

function fromSlots(n: SwitchNumbers) {
  return { matmuls: [{ m: n.S, k: n.E * n.C, n: n.d, batch: n.G }], hbmBytes: n.a * (maskOf(n) + n.sent + n.T * n.d) };
}
