import { workerData } from 'piscina';
import { InputError, type Issue } from '../base/index.ts';
import { type EmulationJob, runItems } from '../emulate/index.ts';
import type { KernelMemory } from '../kernels/index.ts';
import { type KernelPath, openKernels } from './kernel-path.ts';

/** What every thread of a pool is given at its start. */
export interface WorkerSetup {
  readonly memory: KernelMemory;
  readonly path: KernelPath;
  readonly job: EmulationJob;
}

/** The one task of a thread: pull items of the job until none is left. What is wrong with the input comes back as data, because an error loses its fields between threads. */
export default function pullItems(thread: number): readonly Issue[] {
  const { memory, path, job } = workerData as WorkerSetup;
  try {
    runItems(job, memory.buffer, openKernels(memory, path), thread);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.issues;
    throw error;
  }
}
