import { type KernelSpeed, runStepWithPauses } from '../kernels/index.ts';
import type { Load } from '../scenario/index.ts';
import type { Pause } from './chosen.ts';
import { collectLoads } from './collect.ts';
import type { EmulationJob } from './job.ts';
import type { KernelPair } from './kernel-pair.ts';
import { planEmulation } from './plan.ts';
import { openEmulationStep } from './run.ts';
import type { EmulationRequest } from './types.ts';

export type Progress = (done: number, total: number) => void;

/** Who runs the items: threads, or the caller itself. */
export interface Executor {
  /** How many may run; a job takes fewer where the scratch of all would not fit in its memory. */
  readonly threads: number;
  /** Its kernels, asked only for how much room they need. */
  readonly kernels: KernelPair;
  /** Name of the fast path, for provenance. */
  readonly kernelPath: string;
  /** How fast it was when it was chosen; null where nothing was measured. */
  readonly kernelSpeed: KernelSpeed | null;
  /** Runs every item of the job and resolves to the buffer that they left. */
  readonly run: (job: EmulationJob, onProgress?: Progress) => Promise<ArrayBufferLike>;
}

/** Routes what is asked for and counts: one load per variant. The same request gives the same loads on every executor. */
export async function emulate(request: EmulationRequest, executor: Executor, onProgress?: Progress): Promise<Load[]> {
  const job = planEmulation(request, executor.threads, executor.kernels);
  return collectLoads(job, await executor.run(job, onProgress), executor.kernelPath);
}

/** Runs everything in the calling thread, on a buffer and kernels that `open` makes for a number of bytes; `pause` is awaited between items, and may end the run by rejecting. */
export function createInProcessExecutor(open: (bytes: number) => KernelPair, pause: Pause = async () => {}): Executor {
  const kernels = open(0);
  return {
    threads: 1,
    kernels,
    kernelPath: kernels.fast.path,
    kernelSpeed: null,
    run: async (job, onProgress) => {
      const opened = open(job.bytes);
      const { buffer } = opened.fast.memory;
      await runStepWithPauses(openEmulationStep(job, buffer, opened), pause, (done) => onProgress?.(done, job.items.length));
      return buffer;
    },
  };
}
