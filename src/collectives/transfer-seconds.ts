import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Phase } from './plan.ts';

/** Without latency: bytes of the slowest link over its bandwidth, or of a chip's HBM. */
export function transferSeconds(phase: Phase, topology: Topology): Seconds {
  let seconds = phase.localBytes > 0 ? phase.localBytes / topology.localBytesPerSecond : 0;
  for (let i = 0; i < phase.links.length; i++) {
    seconds = Math.max(seconds, phase.bytes[i] / topology.links.bytesPerSecond[phase.links[i]]);
  }
  return seconds;
}
