import { availableParallelism } from 'node:os';
import { InputError } from '../base/index.ts';
import { counts, type EmulationJob, type Executor, itemsDone, type Progress, stop } from '../emulate/index.ts';
import { chooseKernelPath, type KernelPath, openKernels, openMemory } from './kernel-path.ts';
import { createPool } from './pool.ts';
import { threadError } from './thread-error.ts';

export interface ThreadOptions {
  /** Available cores when absent. */
  readonly threads?: number;
  /** Stops the run within a second; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Module that every thread runs in place of the kernels' own: for tests of threads that die. */
  readonly worker?: URL;
}

const PROGRESS_MILLISECONDS = 100;

/** Runs jobs on threads that share one memory. Results do not depend on how many there are. */
export function createThreadExecutor(options: ThreadOptions = {}): Executor {
  const threads = options.threads ?? availableParallelism();
  const path = chooseKernelPath();
  return {
    threads,
    kernels: openKernels(openMemory(0, path), path),
    kernelPath: path.name,
    run: (job, onProgress = () => {}) => runOnThreads(job, path, onProgress, options),
  };
}

async function runOnThreads(
  job: EmulationJob,
  path: KernelPath,
  onProgress: Progress,
  { signal, worker }: ThreadOptions,
): Promise<ArrayBufferLike> {
  signal?.throwIfAborted();
  const memory = openMemory(job.bytes, path);
  const control = counts(memory.buffer, job.control);
  const report = (): void => onProgress(Math.min(itemsDone(control), job.items.length), job.items.length);
  const progress = setInterval(report, PROGRESS_MILLISECONDS);
  // A thread without an item would only cost its start and its memory.
  const threads = Math.max(1, Math.min(job.threads, job.items.length));
  const pool = createPool(threads, { memory, path, job }, worker);
  const settled = new AbortController();
  try {
    const issues = await Promise.race([
      Promise.all(Array.from({ length: threads }, (_, thread) => pool.run(thread))),
      rejectOnAbort(signal, settled.signal),
    ]);
    if (issues.flat().length > 0) throw new InputError(issues.flat());
    report();
    return memory.buffer;
  } catch (error) {
    throw threadError(error);
  } finally {
    clearInterval(progress);
    settled.abort();
    stop(control);
    await pool.destroy();
  }
}

/** Never resolves; rejects with the signal's reason, unless the run has settled before. */
function rejectOnAbort(signal: AbortSignal | undefined, settled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: settled });
  });
}
