import type { KernelPath } from '../cluster/index.ts';
import type { Progress } from './progress.ts';

/** What `bench` measures. Apart from the benchmarks, so that the help needs no other room. */
export const BENCHMARK_NAMES = ['routing'] as const;
export type BenchmarkName = (typeof BENCHMARK_NAMES)[number];

/** One benchmark: measures on this thread and answers with rows. */
export interface Benchmark {
  readonly run: (request: BenchmarkRequest) => BenchmarkAnswer;
}

export interface BenchmarkRequest {
  /** Every case is measured this many times, all cases in turn, so that a slow moment of the machine meets all of them. */
  readonly rounds: number;
  readonly path: KernelPath;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly onProgress: Progress['update'];
}

export interface BenchmarkAnswer<Case extends object = object> {
  /** As JSON, beside the machine and the number of rounds. */
  readonly cases: readonly Case[];
  /** The same as a table: a heading, then one row per case. */
  readonly table: readonly (readonly string[])[];
  /** Columns that are aligned to the right. */
  readonly right: readonly number[];
  /** What to know before the numbers are believed. */
  readonly notes: readonly string[];
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
