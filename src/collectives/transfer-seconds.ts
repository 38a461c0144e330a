import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Phase } from './plan.ts';

/** Without latency: bytes of the slowest link over its bandwidth, or of a chip's HBM. */
export function transferSeconds({ links, bytes, localBytes }: Phase, topology: Topology): Seconds {
  const { bytesPerSecond } = topology.links;
  let seconds = localBytes > 0 ? localBytes / topology.localBytesPerSecond : 0;
  for (let i = 0; i < links.length; i++) seconds = Math.max(seconds, bytes[i] / bytesPerSecond[links[i]]);
  return seconds;
}
