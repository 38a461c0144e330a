import { roundInPlaceToBf16 } from '../../kernels/index.ts';
import type { PodPlan } from './plan.ts';

/**
 * A router in bf16 rounds what it makes, as `routerScores` of the kernels does: what it reads, logits, probabilities, weights of the chosen, and gradients of all but its own weights.
 * Sums of a product are f32 in any case.
 */
export function roundForRouter({ request }: PodPlan, values: Float32Array): void {
  if (request.routing.dtype === 'bf16') roundInPlaceToBf16(values);
}
