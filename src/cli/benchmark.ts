import type { KernelPath } from '../cluster/index.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/** What `bench` measures. Apart from the benchmarks, so that the help needs no other room. */
export const BENCHMARK_NAMES = ['routing', 'kernels', 'engine', 'analytic', 'pod'] as const;
export type BenchmarkName = (typeof BENCHMARK_NAMES)[number];

/** One benchmark: measures and answers with rows. */
export interface Benchmark {
  /** Rounds where nobody asks for a number. */
  readonly rounds: number;
  /** Kernels are compiled and checked before it runs; where it needs none, they would only take time and memory. */
  readonly usesKernels: boolean;
  readonly run: (request: BenchmarkRequest) => BenchmarkAnswer | Promise<BenchmarkAnswer>;
}

export interface BenchmarkRequest {
  /** Every case is measured this many times, all cases in turn, so that a slow moment of the machine meets all of them. */
  readonly rounds: number;
  /** The kernels that a run uses here; null for a benchmark that uses none. */
  readonly path: KernelPath | null;
  /** Name of the one path that is to be measured; all of them without it. */
  readonly onlyPath: string | undefined;
  /** Name of the one case that is to be measured, in this process; all of them without it. */
  readonly onlyCase: string | undefined;
  /** Few cases, for a first look. */
  readonly quick: boolean;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly onProgress: Progress['update'];
  /** Ends a benchmark that waits for threads or other processes. */
  readonly signal: AbortSignal;
  readonly env: Io['env'];
}

export interface BenchmarkAnswer<Fields extends object = object> {
  /** As JSON, beside the machine and the number of rounds. */
  readonly fields: Fields;
  readonly tables: readonly BenchmarkTable[];
  /** What to know before the numbers are believed. */
  readonly notes: readonly string[];
  /** What cannot be, such as a kernel that is faster than the machine: the benchmark has failed. */
  readonly errors: readonly string[];
}

/** A heading, then one row per case. */
export interface BenchmarkTable {
  /** Empty where the rows speak for themselves. */
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
  /** Columns that are aligned to the right. */
  readonly right: readonly number[];
}

/** The best and the middle one of some times, in milliseconds. */
export interface Timing {
  readonly best: number;
  readonly median: number;
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return { best: sorted[0], median: sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2 };
}
