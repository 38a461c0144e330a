import { Piscina } from 'piscina';
import { threadOptions } from './from-source.ts';
import { startError } from './thread-error.ts';

/** A pool of exactly `threads` threads that run the default function of the module `worker`, one task each at a time; `setup` is their `workerData`. */
export function createPool<Task, Answer>(threads: number, worker: URL, setup: unknown): Piscina<Task, Answer> {
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
