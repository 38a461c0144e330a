import { createPool } from './pool.ts';
import { rejectOnAbort } from './reject-on-abort.ts';

/** Threads that answer tasks of some kind. */
export interface TaskThreads<Task, Answer> {
  /** Runs the tasks all at once, at most one per thread; their answers in the same order. Rejects when a thread dies, and when the signal is aborted; the threads then are at their tasks until they are closed. */
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
  // What a thread throws between two tasks fails the next ones.
  pool.onError((error) => {
    failure ??= { error };
  });
  return {
    run: async (tasks) => {
      signal.throwIfAborted();
      if (failure !== undefined) throw failure.error;
      const ended = new AbortController();
      try {
        return await Promise.race([Promise.all(tasks.map(pool.run)), rejectOnAbort(signal, ended.signal)]);
      } finally {
        ended.abort();
      }
    },
    close: pool.close,
  };
}
