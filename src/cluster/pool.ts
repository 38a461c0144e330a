import { Piscina } from 'piscina';
import type { LaneEnd, LaneSetup, LaneTask } from './lane.ts';

const RUNS_FROM_SOURCE = import.meta.url.endsWith('.ts');
/** Newer versions of Node strip types by themselves; older ones need a loader to run the sources. */
const STRIPS_TYPES = Boolean((process.features as { readonly typescript?: string | false }).typescript);

const KERNEL_WORKER = new URL(RUNS_FROM_SOURCE ? './kernel-worker.ts' : './kernel-worker.js', import.meta.url);

/** A pool of exactly `threads` threads, all of which share the memory in `setup`; `worker` is the module that each of them runs. */
export function createPool(threads: number, setup: LaneSetup, worker = KERNEL_WORKER): Piscina<LaneTask, LaneEnd> {
  return new Piscina<LaneTask, LaneEnd>({
    filename: worker.href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    // Items are handed out by a counter in shared memory; the pool has one message per thread and step, so spinning for more would only cost.
    atomics: 'disabled',
    workerData: setup,
    execArgv: RUNS_FROM_SOURCE && !STRIPS_TYPES ? ['--import', 'tsx'] : [],
  });
}
