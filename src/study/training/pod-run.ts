import type { PodPlan } from '../../emulate/index.ts';
import type { KernelSpeed, KernelTable } from '../../kernels/index.ts';

/** A pod that is open: its memory, and the threads that run its steps. */
export interface PodRun {
  readonly plan: PodPlan;
  readonly buffer: ArrayBufferLike;
  readonly threads: number;
  readonly kernelPath: string;
  readonly kernelSpeed: KernelSpeed | null;
  /** See `openPodStep`. */
  readonly step: (n: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Lays the pod for so many lanes, and opens it. */
export type OpenPodRun = (planFor: (lanes: number, table: KernelTable) => PodPlan) => PodRun;
