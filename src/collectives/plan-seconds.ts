import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { GroupPlan } from './plan.ts';
import { pacedLatencySeconds } from './ring-pace.ts';
import { transferSeconds } from './transfer-seconds.ts';

/**
 * Time of a plan alone on idle wires: per phase, the busiest link (or the chip's own HBM, when that is slower) and then the latency of the
 * longest path; phases follow one another. The engine and the estimate have their own sums over phases, because groups share links; this one
 * is how tests compare a plan with the closed form.
 */
export function planSeconds(plan: GroupPlan, topology: Topology): Seconds {
  return plan.phases.reduce((sum, phase) => sum + transferSeconds(phase, topology) + pacedLatencySeconds(phase, topology), 0);
}
