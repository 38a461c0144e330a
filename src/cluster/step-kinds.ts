import { type EmulationJob, type KernelPair, openEmulationStep, openPodStep, type PodPlan } from '../emulate/index.ts';
import { openSwitchLayerStep, type Step, type SwitchLayerPlan } from '../kernels/index.ts';

/** What the threads of a pool can run, as plain data that is sent to them once. */
export type StepJob =
  /** One step. */
  | { readonly kind: 'emulation'; readonly job: EmulationJob }
  /** Forward and backward in turn, forward first; it has scratch for as many lanes as threads at least. */
  | { readonly kind: 'switch-layer'; readonly plan: SwitchLayerPlan }
  /** Step 0 makes the first weights, step n is training step n; it has scratch for as many lanes as threads at least. */
  | { readonly kind: 'pod'; readonly plan: PodPlan };

/** Step n (0, 1, ...) of a job. */
export type OpenedJob = (n: number) => Step;

/** Opens a job over the memory of the kernels; every thread does, and so does who started them, to name the items of threads that are dead. */
export function openJob(wanted: StepJob, kernels: KernelPair): OpenedJob {
  switch (wanted.kind) {
    case 'emulation': {
      const step = openEmulationStep(wanted.job, kernels.fast.memory.buffer, kernels);
      return () => step;
    }
    case 'pod':
      return openPodStep(wanted.plan, kernels.fast);
    case 'switch-layer': {
      const forward = openSwitchLayerStep(wanted.plan, kernels.fast, 'forward');
      if (!wanted.plan.options.training) return () => forward;
      const backward = openSwitchLayerStep(wanted.plan, kernels.fast, 'backward');
      return (n) => (n % 2 === 0 ? forward : backward);
    }
  }
}
