import { compute, type Step } from '../block.ts';
import type { SwitchNumbers } from './switch-numbers.ts';

const NORM_OPS = 5;
/** Softmax, arg-max, one-hot, losses: element-wise operations and f32 passes over [T, E] per choice. */
const GATE_OPS = 30;
const GATE_PASSES = 8;
const GATE_GRADIENT_OPS = 12;
const GATE_GRADIENT_PASSES = 4;

/** Router of a Switch layer up to the chosen experts and their weights, whatever the dispatch. */
export function gatesForward({ a, w, T, d, E, k }: SwitchNumbers): Step[] {
  return [
    compute('fw', 'router', 'norm, logits, gates', {
      matmuls: [{ m: T, k: d, n: E, batch: 1 }],
      vectorOps: NORM_OPS * T * d + k * GATE_OPS * T * E,
      hbmBytes: a * T * d + w * d * E + k * GATE_PASSES * 4 * T * E,
    }),
  ];
}

/** `weights` is what it takes to come from the gradient of the dispatch to that of the chosen weights. */
export function gatesBackward(
  { a, w, T, d, E, k }: SwitchNumbers,
  weights: { readonly vectorOps: number; readonly hbmBytes: number },
): Step[] {
  return [
    compute('agrad', 'router', 'gates', {
      vectorOps: weights.vectorOps + k * GATE_GRADIENT_OPS * T * E,
      hbmBytes: weights.hbmBytes + k * GATE_GRADIENT_PASSES * 4 * T * E,
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
