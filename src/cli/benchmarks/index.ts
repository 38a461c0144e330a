import type { Benchmark, BenchmarkName } from '../benchmark.ts';
import { analytic } from './analytic.ts';
import { engine } from './engine.ts';
import { kernels } from './kernels.ts';
import { pod } from './pod.ts';
import { routing } from './routing.ts';

/** Benchmarks by the name that `bench` takes. */
export const BENCHMARKS: Readonly<Record<BenchmarkName, Benchmark>> = { routing, kernels, engine, analytic, pod };
