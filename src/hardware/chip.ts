import type { Bytes, BytesPerSecond, FlopsPerSecond, Seconds } from '../base/index.ts';

/** Where a number about the world comes from, and when it was read. */
export interface Citation {
  readonly source: string;
  readonly asOf: string;
  readonly note?: string;
  /** Values of the same quantity that other sources give. */
  readonly disagreements?: readonly { readonly value: number; readonly source: string }[];
}

/** Which dimensions of a slice close into rings by default; see `defaultWrap`. */
export type WrapRule = { readonly kind: 'side'; readonly sides: readonly number[] } | { readonly kind: 'cubes'; readonly multiple: number };

/** What operations reach of the peaks, as curves over size (`curves.ts`). Borrowed micro-benchmarks until a generation has its own. */
export interface Efficiency {
  /** What a matrix product loses at the start, in the limit, and where reading hides behind computing. */
  readonly productLaunchSeconds: Seconds;
  readonly productPeakShare: number;
  /** Of one device. */
  readonly productWindowBytes: Bytes;
  readonly productExposedCost: number;
  /** The same of a copy within HBM, and of every operation without a product. */
  readonly copyLaunchSeconds: Seconds;
  readonly copyPeakShare: number;
}

/** One chip generation, as data. Every number is per chip, not per core or device. */
export interface Chip {
  /** Canonical name, e.g. `tpu-v3`. */
  readonly name: string;
  /** What JAX sees as devices: one TensorCore on v2/v3, the whole chip on v4/v5p (megacore), v5e and v6e, one chiplet on v7. */
  readonly devicesPerChip: number;
  readonly tensorCores: number;
  /** Published bf16 peak with f32 accumulation. */
  readonly matmulFlopsPerSecond: FlopsPerSecond;
  /** Where a source gives it: 8-bit integers with 32-bit sums. */
  readonly int8OpsPerSecond?: number;
  readonly fp8FlopsPerSecond?: FlopsPerSecond;
  readonly mxusPerChip: number;
  /** Rows (= columns) of one systolic array. */
  readonly mxuSide: number;
  readonly clockHz?: number;
  /** Vector memory of all cores. */
  readonly vmemBytes?: Bytes;
  /** Between the two chiplets of a chip, one direction. */
  readonly dieToDieBytesPerSecond?: BytesPerSecond;
  /** Element-wise operations per second of the vector units. */
  readonly vectorOpsPerSecond: number;
  readonly hbmBytes: Bytes;
  readonly hbmBytesPerSecond: BytesPerSecond;
  /** One direction of one link, as programs reach it. */
  readonly iciLinkBytesPerSecond: BytesPerSecond;
  /** The same as the data sheet gives it. */
  readonly rawIciLinkBytesPerSecond?: BytesPerSecond;
  readonly iciDimensions: number;
  readonly hopLatencySeconds: Seconds;
  readonly wrapRule: WrapRule;
  readonly podShape: readonly number[];
  /** Where a job may not have the whole pod. */
  readonly maxJobChips?: number;
  readonly chipsPerHost: number;
  /** The block of chips that one host has. */
  readonly hostShape: readonly number[];
  /** Between one chip and its host, one direction. */
  readonly pcieBytesPerSecond: BytesPerSecond;
  /** Between one host and the data-centre network, one direction. */
  readonly dcnBytesPerSecondPerHost: BytesPerSecond;
  readonly dcnLatencySeconds: Seconds;
  /** Thermal design power. */
  readonly tdpWatts?: number;
  /** Measured, of one chip. */
  readonly powerWatts?: { readonly idle: number; readonly min: number; readonly mean: number; readonly max: number };
  readonly dollarsPerChipHour: number;
  readonly efficiency: Efficiency;
  /** One entry per number above, by its key. */
  readonly citations: Readonly<Record<string, Citation>>;
}
