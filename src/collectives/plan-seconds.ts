import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { GroupPlan, Phase } from './plan.ts';

/**
 * Time of a plan alone on idle wires: per phase, the busiest link (or the chip's own HBM, when that is slower) and then the latency of the
 * longest path; phases follow one another. The engine and the estimate have their own sums over phases, because groups share links; this one
 * is how tests compare a plan with the closed form.
 */
export function planSeconds(plan: GroupPlan, topology: Topology): Seconds {
  return plan.phases.reduce((sum, phase) => sum + transferSeconds(phase, topology) + phase.latencySeconds, 0);
}

/** Without latency: bytes of the slowest link over its bandwidth. */
export function transferSeconds(phase: Phase, topology: Topology): Seconds {
  let seconds = phase.localBytes > 0 ? phase.localBytes / topology.localBytesPerSecond : 0;
  for (let i = 0; i < phase.links.length; i++) {
    seconds = Math.max(seconds, phase.bytes[i] / topology.links.bytesPerSecond[phase.links[i]]);
  }
  return seconds;
}
