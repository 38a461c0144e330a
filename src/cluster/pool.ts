import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { threadOptions } from './from-source.ts';
import { startError } from './thread-error.ts';

/** Threads that run one function. */
export interface Pool<Task, Answer> {
  readonly run: (task: Task) => Promise<Answer>;
  /** What a thread throws while it has no task; without a listener it would take the process along. */
  readonly onError: (listener: (error: unknown) => void) => void;
  /** Ends the threads, whatever they do, once all of them have started; resolves when they are gone. */
  readonly close: () => Promise<void>;
}

/** A thread that has not started after so long never will. */
const START_MILLISECONDS = 10_000;

/**
 * A pool of exactly `threads` threads that run the default function of the module `worker`, one task each at a time; `setup` is their `workerData`. No thread is ended
 * while it loads its modules: Node 20 aborts the whole process when a module's linking is cut off (`ModuleWrap::InstantiateSync` asks a module that was never linked).
 */
export function createPool<Task, Answer>(threads: number, worker: URL, setup: unknown): Pool<Task, Answer> {
  const pool = openPool<Task, Answer>(threads, worker, setup);
  const starts = new Map<Worker, Promise<void>>();
  const watchStarts = (): void => {
    for (const thread of pool.threads) {
      if (starts.has(thread)) continue;
      starts.set(thread, startOf(thread));
      // Piscina, which listens too and does so first, has then put another thread in its place.
      thread.once('error', watchStarts).once('exit', watchStarts);
    }
  };
  watchStarts();
  return {
    run: (task) => pool.run(task),
    onError: (listener) => {
      pool.on('error', listener);
    },
    close: async () => {
      const started = new AbortController();
      // The timer also keeps the process there, which threads do not.
      const tooLate = sleep(START_MILLISECONDS, undefined, { signal: started.signal }).catch(() => {});
      await Promise.race([Promise.all(starts.values()), tooLate]);
      started.abort();
      await pool.destroy();
    },
  };
}

/** Piscina's own thread module tells it when the task's module is loaded: that is the first message of a thread. */
function startOf(thread: Worker): Promise<void> {
  return new Promise((done) => {
    for (const event of ['message', 'error', 'exit'] as const) thread.once(event, () => done());
  });
}

function openPool<Task, Answer>(threads: number, worker: URL, setup: unknown): Piscina<Task, Answer> {
  try {
    return new Piscina<Task, Answer>({
      filename: worker.href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      // Tasks are long and few, so spinning for the next message would only cost.
      atomics: 'disabled',
      workerData: setup,
      execArgv: [...threadOptions(worker)],
    });
  } catch (error) {
    throw startError(error, threads);
  }
}
