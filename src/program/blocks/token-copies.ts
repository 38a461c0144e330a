import { compute, type Step, type Tensor } from '../block.ts';
import type { SwitchNumbers } from './switch-numbers.ts';

/**
 * Dispatch and combine by copying rows instead of by products: one row of d per choice, found by an index. What is not copied into is written as
 * zeros first (`zeros` elements: all slots, or none where there are no slots).
 */
/** Two 32-bit numbers per choice: expert and slot, or the place in the sorted order and back. */
const INDEX_BYTES = 8;
/** The weight of a choice, f32. */
const WEIGHT_BYTES = 4;

export function copyOut(n: SwitchNumbers, name: string, zeros: number): Step {
  return compute('fw', 'dispatch', name, { hbmBytes: n.a * (2 * n.choices * n.d + zeros) + INDEX_BYTES * n.choices });
}

/** y = x + sum over choices of weight x row: the rows in, x in, y out. */
export function weighIn(n: SwitchNumbers, name: string): Step {
  return compute('fw', 'combine', name, {
    vectorOps: 2 * n.choices * n.d + n.T * n.d,
    hbmBytes: n.a * (n.choices * n.d + 2 * n.T * n.d) + (INDEX_BYTES + WEIGHT_BYTES) * n.choices,
  });
}

/** Gradients of `weighIn`: weight x dy for every row, and, where something learns from it, the product of dy with the row for its weight. */
export function weighInBackward(n: SwitchNumbers, zeros: number): Step[] {
  const routes = (INDEX_BYTES + WEIGHT_BYTES) * n.choices;
  const toOutputs = compute('agrad', 'combine', 'to expert outputs', {
    vectorOps: n.choices * n.d,
    hbmBytes: n.a * (2 * n.choices * n.d + zeros) + routes,
  });
  if (!n.gate.learned) return [toOutputs];
  return [
    toOutputs,
    compute('agrad', 'combine', 'to weights', { vectorOps: 2 * n.choices * n.d, hbmBytes: n.a * (n.choices * n.d + n.T * n.d) + routes }),
  ];
}

/** Gradient of `copyOut`: the rows of a token are added up. */
export function copyOutBackward(n: SwitchNumbers, name: string): Step {
  return compute('agrad', 'dispatch', name, {
    vectorOps: n.choices * n.d,
    hbmBytes: n.a * (n.choices * n.d + n.T * n.d) + INDEX_BYTES * n.choices,
  });
}

/** Kept for the backward pass. */
export function routeIndices(n: SwitchNumbers): Tensor {
  return { name: 'routes', bytes: INDEX_BYTES * n.choices };
}

/** The gradient of a weight falls out of `weighInBackward`; the gates read [T, E] once, which they count themselves. */
export const NO_WEIGHT_GRADIENTS = { vectorOps: 0, hbmBytes: 0 };
