import type { Bytes, BytesPerSecond, Seconds } from '../base/index.ts';

/**
 * How long one operation takes as a function of its size: shares of a peak that are reached in the limit, and what small sizes lose. Constants are
 * fitted to open micro-benchmarks (data/microbench), one set per generation, by one function (validation/fit-curves.ts).
 */
export interface CopyCurve {
  /** Fixed cost of starting. */
  readonly launchSeconds: Seconds;
  /** Share of the HBM bandwidth in the limit of long streams. */
  readonly peakShare: number;
}

/**
 * A product reads its operands and writes its result while the arrays work, block by block. Before the first block is there and after the last is
 * computed, nothing overlaps; the share of the traffic that is exposed so is windowBytes / (windowBytes + bytes).
 */
export interface ProductCurve {
  readonly launchSeconds: Seconds;
  /** Share of the matrix peak in the limit of large products. */
  readonly peakShare: number;
  /** Traffic of which half is exposed. */
  readonly windowBytes: Bytes;
  /** Exposed bytes cost this much more than bytes of a long stream. */
  readonly exposedCost: number;
}

export interface CollectiveCurve {
  readonly launchSeconds: Seconds;
  /** Share of `iciLinkBytesPerSecond` in the limit of large arrays. */
  readonly linkShare: number;
}

/** Where the time of a product goes; `seconds` is not their sum, as arrays and HBM overlap. */
export interface ProductTime {
  readonly seconds: Seconds;
  readonly launchSeconds: Seconds;
  readonly arraySeconds: Seconds;
  readonly hbmSeconds: Seconds;
  /** What of the shorter of the two is not hidden behind the longer. */
  readonly exposedSeconds: Seconds;
  readonly exposedShare: number;
}

export function copySeconds(curve: CopyCurve, hbmBytesPerSecond: BytesPerSecond, bytes: Bytes): Seconds {
  return curve.launchSeconds + bytes / (hbmBytesPerSecond * curve.peakShare);
}

/**
 * launch + max(M, H) + x min(M, H), with x the exposed share, M = arraySeconds / peakShare and H = bytes (1 + exposedCost x) / streamed rate: the
 * sum of the two for small products, the longer of the two for large ones. Grows with both for exposedCost <= 1.
 * `arraySeconds` at the published peak; `streamBytesPerSecond` as copies reach it.
 */
export function productTime(
  curve: ProductCurve,
  arraySecondsAtPeak: Seconds,
  bytes: Bytes,
  streamBytesPerSecond: BytesPerSecond,
): ProductTime {
  const exposedShare = curve.windowBytes / (curve.windowBytes + bytes);
  const arraySeconds = arraySecondsAtPeak / curve.peakShare;
  const hbmSeconds = (bytes * (1 + curve.exposedCost * exposedShare)) / streamBytesPerSecond;
  const exposedSeconds = exposedShare * Math.min(arraySeconds, hbmSeconds);
  const seconds = curve.launchSeconds + Math.max(arraySeconds, hbmSeconds) + exposedSeconds;
  return { seconds, launchSeconds: curve.launchSeconds, arraySeconds, hbmSeconds, exposedSeconds, exposedShare };
}

/** Both terms of the plan on idle wires. */
export function collectiveSeconds(curve: CollectiveCurve, transferSeconds: Seconds, latencySeconds: Seconds): Seconds {
  return curve.launchSeconds + transferSeconds / curve.linkShare + latencySeconds;
}
