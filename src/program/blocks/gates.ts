import { compute, type Step } from '../block.ts';
import type { SwitchNumbers } from './switch-numbers.ts';

const NORM_OPS = 5;
/** Softmax, arg-max, one-hot, losses: element-wise operations and passes over [T, E] per choice. */
const GATE_OPS = 30;
const GATE_PASSES = 8;
const GATE_GRADIENT_OPS = 12;
const GATE_GRADIENT_PASSES = 4;
/** Softplus, the inverse normal distribution and the smooth load of noisy gates, over [T, E]; and their gradient. */
const NOISE_OPS = 60;
const NOISE_GRADIENT_OPS = 30;
/** A pass of Sinkhorn scales and sums rows and columns; a round of the auction compares, bids, takes maxima and raises prices. */
const ASSIGNMENT_OPS = 4;
/** A hash, a random number or a look-up, and a 32-bit expert and weight for every choice, where there are no scores. */
const LOOKUP_OPS = 10;
const LOOKUP_BYTES = 8;

/** Router of a Switch layer up to the chosen experts and their weights, whatever the dispatch. */
export function gatesForward(n: SwitchNumbers): Step[] {
  const { a, w, r, T, d, E, k, choices, gate } = n;
  const { products } = gate;
  if (products === 0) {
    return [
      compute('fw', 'router', 'norm, look-up', {
        vectorOps: NORM_OPS * T * d + LOOKUP_OPS * choices,
        hbmBytes: a * T * d + LOOKUP_BYTES * choices,
      }),
    ];
  }
  return [
    compute('fw', 'router', 'norm, logits, gates', {
      matmuls: Array.from({ length: products }, () => ({ m: T, k: d, n: E, batch: 1 })),
      vectorOps: NORM_OPS * T * d + k * GATE_OPS * T * E + noise(n, NOISE_OPS),
      hbmBytes: a * T * d + products * w * d * E + k * GATE_PASSES * r * T * E,
    }),
    ...assignment(n),
  ];
}

/** Scores of one group fit in the core's own memory, so passes over them are operations and not traffic. */
function assignment({ r, T, E, gate }: SwitchNumbers): Step[] {
  if (gate.assignmentPasses === 0) return [];
  return [compute('fw', 'router', 'assignment', { vectorOps: gate.assignmentPasses * ASSIGNMENT_OPS * T * E, hbmBytes: 2 * r * T * E })];
}

function noise({ T, E, gate }: SwitchNumbers, operations: number): number {
  return gate.products === 2 ? operations * T * E : 0;
}

/** `weights` is what it takes to come from the gradient of the dispatch to that of the chosen weights. */
export function gatesBackward(n: SwitchNumbers, weights: { readonly vectorOps: number; readonly hbmBytes: number }): Step[] {
  const { a, w, r, T, d, E, k, gate } = n;
  const { products, learned } = gate;
  // Gradient of the dispatched tokens, x and dy in, dx out.
  const norm = { vectorOps: 2 * NORM_OPS * T * d, hbmBytes: 4 * a * T * d };
  if (products === 0 || !learned) return [compute('agrad', 'router', 'norm', norm)];
  return [
    compute('agrad', 'router', 'gates', {
      vectorOps: weights.vectorOps + k * GATE_GRADIENT_OPS * T * E + noise(n, NOISE_GRADIENT_OPS),
      hbmBytes: weights.hbmBytes + k * GATE_GRADIENT_PASSES * r * T * E,
    }),
    compute('agrad', 'router', 'norm, logits', {
      matmuls: Array.from({ length: products }, () => ({ m: T, k: E, n: d, batch: 1 })),
      vectorOps: norm.vectorOps,
      hbmBytes: products * (r * T * E + w * d * E) + norm.hbmBytes,
    }),
    compute('wgrad', 'router', 'logits', {
      matmuls: Array.from({ length: products }, () => ({ m: d, k: T, n: E, batch: 1 })),
      hbmBytes: a * T * d + products * (r * T * E + 4 * d * E),
    }),
  ];
}
