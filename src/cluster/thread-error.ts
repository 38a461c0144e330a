import { memoryError } from '../emulate/index.ts';

const THREADS_RULE = 'every thread must find room for its own objects beside the shared memory';

/** What is said of a thread that ended in the middle of a step; `work` is what its lane was at. A lack of memory is something to be turned, any other end is ours. */
export function threadError(error: unknown, work: string): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return memoryError(`a thread ${work}: ${reason}`, THREADS_RULE);
  }
  return new Error(`a thread ended while it ${work} (${reason})`, { cause: error });
}

/** What is said when threads cannot even start. */
export function startError(error: unknown, threads: number): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (!('code' in error) || error.code !== 'ERR_WORKER_INIT_FAILED') return error;
  return memoryError(`${threads} ${threads === 1 ? 'thread' : 'threads'}: ${error.message}`, THREADS_RULE);
}
