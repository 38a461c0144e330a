import { compute, type Step } from '../../block.ts';
import type { SwitchNumbers } from '../switch-numbers.ts';
import { copyOut, copyOutBackward, NO_WEIGHT_GRADIENTS, routeIndices, weighIn, weighInBackward } from '../token-copies.ts';
import type { Dispatch } from './dispatch.ts';

/** A running sum by passes up and down a tree takes two additions per element (Blelloch 1990, CMU-CS-90-190). */
const RUNNING_SUM_OPS = 2;

/**
 * The slots of the einsum dispatch, but tokens are copied into them: no masks, no products. Positions are running sums over [T, E] per choice.
 * After Tutel (Hwang et al. 2022, arXiv 2206.03382, section 4.2, "sparse" encode and decode).
 *   sent [G, E C, d]
 */
export const scatter: Dispatch = {
  send: (n) => [...positions(n), copyOut(n, 'scatter', n.sent)],
  regroup: () => [],
  combine: (n) => [weighIn(n, 'gather')],
  combineBackward: (n) => weighInBackward(n, n.sent),
  sendBackward: (n) => [copyOutBackward(n, 'gather')],
  weightGradients: () => NO_WEIGHT_GRADIENTS,
  routes: routeIndices,
  workingForward: () => [],
  workingBackward: () => [],
};

function positions(n: SwitchNumbers): Step[] {
  if (!n.gate.queues) return [];
  return [compute('fw', 'router', 'positions', { vectorOps: RUNNING_SUM_OPS * n.k * n.T * n.E, hbmBytes: n.k * 2 * 4 * n.T * n.E })];
}
