import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { createInProcessExecutor, type EmulationJob, type Executor, type Progress } from '../emulate/index.ts';
import { type KernelPath, openKernels, openMemory, sharesMemory } from './kernel-path.ts';
import { chooseKernelPath } from './path-choice.ts';
import { openStepPool, type StepPoolOptions } from './step-pool.ts';

export interface ThreadOptions extends StepPoolOptions {
  /** Available cores when absent. */
  readonly threads?: number;
  /** Name of the path that runs the kernels; the fastest one here when absent. */
  readonly kernels?: string;
}

/** Runs jobs on threads that share one memory. Results do not depend on how many there are. */
export function createThreadExecutor(options: ThreadOptions = {}): Executor {
  const threads = options.threads ?? availableParallelism();
  const path = chooseKernelPath({ kernels: options.kernels });
  if (!sharesMemory()) {
    const alone = createInProcessExecutor((bytes) => openKernels(openMemory(bytes, path), path), pauseUntil(options.signal));
    return { ...alone, kernelPath: path.name };
  }
  return {
    threads,
    kernels: openKernels(openMemory(0, path), path),
    kernelPath: path.name,
    kernelSpeed: path.speed,
    run: (job, onProgress) => runOnThreads(job, path, options, onProgress),
  };
}

/** Without threads, signals are heard between items only. */
function pauseUntil(signal: AbortSignal | undefined): () => Promise<void> {
  return async () => {
    await setImmediate();
    signal?.throwIfAborted();
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
