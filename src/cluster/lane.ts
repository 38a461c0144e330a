import { workerData } from 'piscina';
import { InputError, type Issue } from '../base/index.ts';
import { type KernelMemory, runStep, type StepControlView, stepControl } from '../kernels/index.ts';
import { type KernelPath, openKernels } from './kernel-path.ts';
import type { OpenedJob, openJob, StepJob } from './step-kinds.ts';

/** What every thread of a pool is given at its start. */
export interface LaneSetup {
  readonly memory: KernelMemory;
  readonly path: KernelPath;
  /** The words by which the lanes agree, in `memory`. */
  readonly control: StepControlView;
  readonly job: StepJob;
  /** See `StepRun`. */
  readonly patienceSeconds: number;
}

/** The one task of a thread in a step: take items until none is left. */
export interface LaneTask {
  readonly step: number;
  readonly lane: number;
}

/**
 * How a lane ended: with nothing, with what is wrong with the input (as data, because an error loses its fields between threads), or with an error of ours.
 * A task that does not even answer this is one whose thread is dead.
 */
export interface LaneEnd {
  readonly issues: readonly Issue[];
  readonly failure: Error | null;
}

/** The function that a thread runs for each task. The job is opened with the first of them, and stays open. */
export function createLane(open: typeof openJob): (task: LaneTask) => LaneEnd {
  const { memory, path, control, job, patienceSeconds } = workerData as LaneSetup;
  const words = stepControl(memory.buffer, control);
  let opened: OpenedJob | undefined;
  return ({ step, lane }) => {
    try {
      opened ??= open(job, openKernels(memory, path));
      runStep(opened(step), words, lane, { patienceSeconds });
      return { issues: [], failure: null };
    } catch (error) {
      if (error instanceof InputError) return { issues: error.issues, failure: null };
      return { issues: [], failure: error instanceof Error ? error : new Error(String(error)) };
    }
  };
}
