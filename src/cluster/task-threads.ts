import { createPool } from './pool.ts';

/** Threads that answer tasks of some kind. */
export interface TaskThreads<Task, Answer> {
  /** Runs the tasks all at once, at most one per thread; their answers in the same order. Rejects when a thread dies, and when the signal is aborted. */
  run(tasks: readonly Task[]): Promise<Answer[]>;
  /** Ends the threads, whatever they do. */
  close(): Promise<void>;
}

/** Starts threads that run the default function of the module `worker` for each task; `setup` is their `workerData`. */
export function openTaskThreads<Task, Answer>(
  threads: number,
  worker: URL,
  setup: unknown,
  signal: AbortSignal,
): TaskThreads<Task, Answer> {
  const pool = createPool<Task, Answer>(threads, worker, setup);
  let failure: { readonly error: unknown } | undefined;
  // What a thread throws between two tasks fails the next ones; without a listener it would take the process along.
  pool.on('error', (error: unknown) => {
    failure ??= { error };
  });
  return {
    run: async (tasks) => {
      signal.throwIfAborted();
      if (failure !== undefined) throw failure.error;
      return await Promise.all(tasks.map((task) => pool.run(task, { signal }))).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
    },
    close: () => pool.destroy(),
  };
}
