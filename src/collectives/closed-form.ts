import type { Bytes, BytesPerSecond, Seconds } from '../base/index.ts';

/** A ring or a line of n single-device chips, alone on its wires. */
export interface Ring {
  readonly members: number;
  readonly wrap: boolean;
  /** One direction of one link. */
  readonly linkBytesPerSecond: BytesPerSecond;
  readonly hopLatencySeconds: Seconds;
}

/**
 * Textbook times, written from the formulas and not from the plans. No room calls them: tests hold the plans and the estimate against them.
 * V is the array over the whole ring ("How to Scale Your Model", jax-ml/scaling-book sharding.md, with the exact (n - 1) / n).
 * All-gather, V after it; reduce-scatter, V before it: V (n-1)/n / 2b + tau floor(n/2) on a ring, V (n-1)/n / b + tau (n-1) on a line.
 */
export function allGatherSeconds(ring: Ring, bytes: Bytes): Seconds {
  const { members: n, linkBytesPerSecond: b, hopLatencySeconds: tau } = ring;
  if (n === 1) return 0;
  const moved = (bytes * (n - 1)) / n;
  return ring.wrap ? moved / (2 * b) + tau * Math.floor(n / 2) : moved / b + tau * (n - 1);
}

export function reduceScatterSeconds(ring: Ring, bytes: Bytes): Seconds {
  return allGatherSeconds(ring, bytes);
}

export function allReduceSeconds(ring: Ring, bytes: Bytes): Seconds {
  return 2 * allGatherSeconds(ring, bytes);
}

/**
 * Broadcast of V from the first member: along a line V / b + tau (n-1); on a ring half of it each way all round, V / 2b + tau (n-1), or where that is quicker
 * all of it both ways half-way round, V / b + tau floor(n/2).
 */
export function broadcastSeconds(ring: Ring, bytes: Bytes): Seconds {
  const { members: n, linkBytesPerSecond: b, hopLatencySeconds: tau } = ring;
  if (n === 1) return 0;
  if (!ring.wrap) return bytes / b + tau * (n - 1);
  return Math.min(bytes / (2 * b) + tau * (n - 1), bytes / b + tau * Math.floor(n / 2));
}

/**
 * Hierarchical all-reduce of V on each of S slices of n single-device chips, each with PCIe of p and a host whose card of c serves k of them: the ICI
 * gathers and scatters as in one slice, and between the slices every chip sends its shard V / n over its host and back, 2 V / n (S-1)/S.
 */
export function exchangeSeconds(
  slices: number,
  chips: number,
  host: {
    readonly pcieBytesPerSecond: BytesPerSecond;
    readonly nicBytesPerSecond: BytesPerSecond;
    readonly latencySeconds: Seconds;
    readonly chipsPerHost: number;
  },
  bytes: Bytes,
): Seconds {
  if (slices === 1) return 0;
  const sent = ((bytes / chips) * (slices - 1)) / slices;
  return 2 * (Math.max(sent / host.pcieBytesPerSecond, (sent * host.chipsPerHost) / host.nicBytesPerSecond) + host.latencySeconds);
}

/**
 * All-to-all, each member holding B: with V = n B, V / 8b on an even ring, V (1 - 1/n^2) / 8b on an odd one, V / 4b on an even line and
 * V (1 - 1/n^2) / 4b on an odd one; latency of the longest path.
 */
export function allToAllSeconds(ring: Ring, bytes: Bytes): Seconds {
  const { members: n, linkBytesPerSecond: b, hopLatencySeconds: tau } = ring;
  if (n === 1) return 0;
  const whole = n * bytes * (n % 2 === 0 ? 1 : 1 - 1 / (n * n));
  return ring.wrap ? whole / (8 * b) + tau * Math.floor(n / 2) : whole / (4 * b) + tau * (n - 1);
}

/** A permutation to the next member: one hop round a ring; along a line the last member sends back to the first, past all others. */
export function permuteSeconds(ring: Ring, bytes: Bytes): Seconds {
  const { members: n, linkBytesPerSecond: b, hopLatencySeconds: tau } = ring;
  if (n === 1) return 0;
  // The two chips of a closed pair are joined by two wires, and both are as near.
  const wires = ring.wrap && n === 2 ? 2 : 1;
  return bytes / (wires * b) + tau * (ring.wrap ? 1 : n - 1);
}

/** Bandwidth term of an all-gather over k equal rings of n members at once, V after it: the k dimensions add their bandwidth. */
export function torusAllGatherSeconds(dimensions: number, ring: Ring, bytes: Bytes): Seconds {
  let members = 1;
  for (let k = 0; k < dimensions; k++) members *= ring.members;
  return (bytes * (members - 1)) / members / ((ring.wrap ? 2 : 1) * dimensions * ring.linkBytesPerSecond);
}
