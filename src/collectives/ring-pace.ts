import type { Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { RingPass } from './plan.ts';

/**
 * Block k leaves hop j when block k - 1 has left it and it has itself come over hop j - 1, a latency later. That is a recurrence in max and plus,
 * so the time is that of the slowest path through it (Baccelli, Cohen, Olsder, Quadrat, Synchronization and Linearity, 1992): some consecutive
 * hops once each, with their latencies, and the slowest of them for all the other steps. On a line hop j has j + 1 blocks, and no path starts
 * before the end of the line.
 */
export function passSeconds({ hops, steps, stepBytes }: RingPass, latencySeconds: Seconds, topology: Topology): Seconds {
  const seconds = Float64Array.from(hops, (link) => stepBytes / topology.links.bytesPerSecond[link]);
  const rounds = Math.ceil(steps);
  const hopLatency = latencySeconds / rounds;
  const part = steps - (rounds - 1);
  if (seconds.every((one) => one === seconds[0])) return steps * seconds[0] + latencySeconds;
  const isRing = hops.length > steps;
  let longest = 0;
  for (let end = 0; end < hops.length; end++) {
    const blocks = isRing ? rounds : end + 1;
    // The last step may be of part of a block.
    let sum = (part - 1) * seconds[end];
    let slowest = 0;
    for (let count = 1; count <= blocks; count++) {
      const hop = seconds[(end - count + 1 + hops.length) % hops.length];
      sum += hop + hopLatency;
      slowest = Math.max(slowest, hop);
      longest = Math.max(longest, sum + (blocks - count) * slowest);
    }
  }
  return longest;
}
