import { InputError } from '../base/index.ts';
import type { Progress } from '../emulate/index.ts';
import {
  abortStep,
  itemsDone,
  type KernelMemory,
  laneWork,
  PATIENCE_SECONDS,
  resetStepControl,
  type Step,
  type StepControlView,
  stepControl,
  stepItems,
  stuckError,
} from '../kernels/index.ts';
import { type KernelPath, openKernels } from './kernel-path.ts';
import type { LaneEnd, LaneSetup, LaneTask } from './lane.ts';
import { createPool } from './pool.ts';
import { rejectOnAbort } from './reject-on-abort.ts';
import { openJob, type StepJob } from './step-kinds.ts';
import { threadError } from './thread-error.ts';
import { threadModule } from './thread-module.ts';

export interface StepPoolOptions {
  /** Stops a step within a second, whatever its items do; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** A step in which no item ends for so long is stuck, and fails. */
  readonly patienceSeconds?: number;
  /** Module that every thread runs in place of the kernels' own: for tests of threads that die. */
  readonly worker?: URL;
}

/** Threads that are started once and run the steps of one job, one after the other. */
export interface StepPool {
  /** Runs step n on all threads, one long task each. When it fails or is stopped, all threads end, and the pool runs no further one. */
  readonly step: (n: number, onProgress?: Progress) => Promise<void>;
  /** Ends the threads; resolves when they are gone. */
  readonly close: () => Promise<void>;
}

const KERNEL_WORKER = threadModule('./kernel-worker', import.meta.url);
const WATCH_MILLISECONDS = 100;

/** Opens `threads` threads over a memory in which the job and its control words lie. */
export function openStepPool(
  threads: number,
  memory: KernelMemory,
  path: KernelPath,
  job: StepJob,
  control: StepControlView,
  { signal, patienceSeconds = PATIENCE_SECONDS, worker = KERNEL_WORKER }: StepPoolOptions = {},
): StepPool {
  const words = stepControl(memory.buffer, control);
  const opened = openJob(job, openKernels(memory, path));
  const setup: LaneSetup = { memory, path, control, job, patienceSeconds };
  const pool = createPool<LaneTask, LaneEnd>(threads, worker, setup);
  let failure: { readonly error: unknown } | undefined;
  // What a thread throws between two steps fails the next one.
  pool.onError((error) => {
    failure ??= { error: threadError(error, 'had no item') };
  });
  const runLane = async (step: Step, n: number, lane: number): Promise<void> => {
    const { issues, failure: thrown } = await pool.run({ step: n, lane }).catch((error: unknown) => {
      throw threadError(error, laneWork(step, words, lane));
    });
    if (issues.length > 0) throw new InputError(issues);
    if (thrown !== null) throw thrown;
  };
  return {
    step: async (n, onProgress = () => {}) => {
      if (failure !== undefined) throw failure.error;
      const ended = new AbortController();
      try {
        signal?.throwIfAborted();
        const step = opened(n);
        resetStepControl(words);
        const lanes = Array.from({ length: threads }, (_, lane) => runLane(step, n, lane));
        const watched = watch(step, words, patienceSeconds, onProgress, ended.signal);
        await Promise.race([Promise.all(lanes), watched, rejectOnAbort(signal, ended.signal)]);
        onProgress(itemsDone(words), stepItems(step));
      } catch (error) {
        failure = { error };
        abortStep(words);
        await pool.close();
        throw error;
      } finally {
        ended.abort();
      }
    },
    close: pool.close,
  };
}

/** Reports progress until the step has ended, and rejects when there is none: lanes that are stuck in items cannot say so themselves. */
function watch(step: Step, words: Int32Array, patienceSeconds: number, onProgress: Progress, ended: AbortSignal): Promise<never> {
  const total = stepItems(step);
  return new Promise((_, reject) => {
    let seen = 0;
    let quiet = 0;
    // Ticks are counted, not a clock asked: one that was asleep with the machine is not late.
    const timer = setInterval(() => {
      const done = itemsDone(words);
      quiet = done === seen ? quiet + 1 : 0;
      seen = done;
      onProgress(done, total);
      if (quiet * WATCH_MILLISECONDS >= patienceSeconds * 1000) reject(stuckError(step, words, patienceSeconds));
    }, WATCH_MILLISECONDS);
    ended.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
}
