import { memoryError } from '../emulate/index.ts';

/** Says why a thread ended: a lack of memory is something to be turned, a thread that dies has a cause that it did not tell. */
export function threadError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return memoryError(error.message, 'every thread must find room for its own objects beside the shared memory');
  }
  if (/^worker exited/i.test(error.message))
    return new Error(`a thread ended before its work was done (${error.message})`, { cause: error });
  return error;
}
