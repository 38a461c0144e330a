import { type Bytes, type Picoseconds, type Seconds, toPicoseconds } from '../base/index.ts';
import { type Phase, pacedLatencySeconds, transferSeconds } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Transfer } from './live-transfers.ts';

/** A phase on its wires: bytes that move as one fluid, and the latency after the last of them. */
export interface PhaseTransfer {
  readonly transfer: Transfer;
  readonly latency: Picoseconds;
}

export function phaseTransfer(phase: Phase, topology: Topology): PhaseTransfer {
  const { seconds, latency } = phaseTimes(phase, topology);
  const { links, bytes } = phase;
  const { bytesPerSecond } = topology.links;
  const shares = new Float64Array(links.length);
  for (let i = 0; i < links.length; i++) shares[i] = shareOf(bytes[i], bytesPerSecond[links[i]], seconds);
  return { transfer: { links, bytes, shares, seconds }, latency };
}

export interface PhaseTimes {
  /** Of the transfer, alone on idle wires. */
  readonly seconds: Seconds;
  readonly latency: Picoseconds;
}

/**
 * Transfer and latency of a phase are rounded to picoseconds one by one. Bytes within a chip bound the speed of their own transfer; several
 * transfers through one chip's HBM do not slow each other.
 */
export function phaseTimes(phase: Phase, topology: Topology): PhaseTimes {
  return { seconds: transferSeconds(phase, topology), latency: toPicoseconds(pacedLatencySeconds(phase, topology)) };
}

/** Part of a link's bandwidth that a transfer of so many seconds uses. */
export function shareOf(bytes: Bytes, bytesPerSecond: number, seconds: Seconds): number {
  return bytes / bytesPerSecond / seconds;
}
