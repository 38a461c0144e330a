import { availableParallelism } from 'node:os';
import type { EmulationJob, Executor, Progress } from '../emulate/index.ts';
import { chooseKernelPath, type KernelPath, openKernels, openMemory } from './kernel-path.ts';
import { openStepPool, type StepPoolOptions } from './step-pool.ts';

export interface ThreadOptions extends StepPoolOptions {
  /** Available cores when absent. */
  readonly threads?: number;
}

/** Runs jobs on threads that share one memory. Results do not depend on how many there are. */
export function createThreadExecutor(options: ThreadOptions = {}): Executor {
  const threads = options.threads ?? availableParallelism();
  const path = chooseKernelPath();
  return {
    threads,
    kernels: openKernels(openMemory(0, path), path),
    kernelPath: path.name,
    run: (job, onProgress) => runOnThreads(job, path, options, onProgress),
  };
}

async function runOnThreads(job: EmulationJob, path: KernelPath, options: ThreadOptions, onProgress?: Progress): Promise<ArrayBufferLike> {
  options.signal?.throwIfAborted();
  const memory = openMemory(job.bytes, path);
  // A thread without an item would only cost its start and its memory.
  const threads = Math.max(1, Math.min(job.threads, job.items.length));
  const pool = openStepPool(threads, memory, path, { kind: 'emulation', job }, job.control, options);
  try {
    await pool.step(0, onProgress);
    return memory.buffer;
  } finally {
    await pool.close();
  }
}
