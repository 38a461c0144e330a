import { workerData } from 'piscina';
import { type EmulationJob, runItems } from '../emulate/index.ts';
import type { KernelMemory } from '../kernels/index.ts';
import { type KernelPath, openKernels } from './kernel-path.ts';

/** What every thread of a pool is given at its start. */
export interface WorkerSetup {
  readonly memory: KernelMemory;
  readonly path: KernelPath;
  readonly job: EmulationJob;
}

/** The one task of a thread: pull items of the job until none is left. */
export default function pullItems(thread: number): void {
  const { memory, path, job } = workerData as WorkerSetup;
  runItems(job, memory.buffer, openKernels(memory, path), thread);
}
