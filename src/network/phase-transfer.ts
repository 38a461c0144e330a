import { type Picoseconds, toPicoseconds } from '../base/index.ts';
import { type Phase, pacedLatencySeconds, transferSeconds } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Transfer } from './live-transfers.ts';

/** A phase on its wires: bytes that move as one fluid, and the latency after the last of them. */
export interface PhaseTransfer {
  readonly transfer: Transfer;
  readonly latency: Picoseconds;
}

/**
 * Transfer and latency of a phase are rounded to picoseconds one by one. Bytes within a chip bound the speed of their own transfer; several
 * transfers through one chip's HBM do not slow each other.
 */
export function phaseTransfer(phase: Phase, topology: Topology): PhaseTransfer {
  const seconds = transferSeconds(phase, topology);
  const shares = phase.bytes.map((bytes, i) => bytes / topology.links.bytesPerSecond[phase.links[i]] / seconds);
  return {
    transfer: { links: phase.links, bytes: phase.bytes, shares, seconds },
    latency: toPicoseconds(pacedLatencySeconds(phase, topology)),
  };
}
