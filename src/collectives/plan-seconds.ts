import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { GroupPlan, Phase } from './plan.ts';
import { passSeconds } from './ring-pace.ts';

/**
 * Time of a plan alone on idle wires: per phase, the busiest link (or the chip's own HBM, when that is slower) and then the latency of the
 * longest path; phases follow one another. The engine and the estimate have their own sums over phases, because groups share links; this one
 * is for measurements, and for tests that hold a plan against the closed form.
 */
export function planSeconds(plan: GroupPlan, topology: Topology): Seconds {
  return plan.phases.reduce((sum, phase) => sum + transferSeconds(phase, topology) + pacedLatencySeconds(phase, topology), 0);
}

/** Without latency: bytes of the slowest link over its bandwidth, or of a chip's HBM. */
export function transferSeconds({ links, bytes, localBytes }: Phase, topology: Topology): Seconds {
  const { bytesPerSecond } = topology.links;
  let seconds = localBytes > 0 ? localBytes / topology.localBytesPerSecond : 0;
  for (let i = 0; i < links.length; i++) seconds = Math.max(seconds, bytes[i] / bytesPerSecond[links[i]]);
  return seconds;
}

/**
 * What a phase takes beyond the bytes of its busiest link: its latency. Where hops of a ring or line differ in speed it is less on a ring, because
 * while blocks wait for the slow hop others are on their way to it, and may be more on a line, where blocks go on at the pace of other hops after a
 * slow one.
 */
export function pacedLatencySeconds(phase: Phase, topology: Topology): Seconds {
  if (phase.passes === undefined || phase.passes.length === 0) return phase.latencySeconds;
  const seconds = phase.passes.reduce((most, pass) => Math.max(most, passSeconds(pass, phase.latencySeconds, topology)), 0);
  return Math.max(0, seconds - transferSeconds(phase, topology));
}
