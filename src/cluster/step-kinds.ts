import { type EmulationJob, type KernelPair, openEmulationStep } from '../emulate/index.ts';
import type { Step } from '../kernels/index.ts';

/** What the threads of a pool can run, as plain data that is sent to them once. */
export type StepJob = { readonly kind: 'emulation'; readonly job: EmulationJob };

/** Step n of a job. */
export type OpenedJob = (n: number) => Step;

/** Opens a job over the memory of the kernels; every thread does, and so does who started them, to name the items of threads that are dead. */
export function openJob(wanted: StepJob, kernels: KernelPair): OpenedJob {
  switch (wanted.kind) {
    case 'emulation': {
      const step = openEmulationStep(wanted.job, kernels.fast.memory.buffer, kernels);
      return () => step;
    }
  }
}
