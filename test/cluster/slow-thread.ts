import { workerData } from 'piscina';

/** [threads that have loaded this module, threads that have begun to]. */
const counts = workerData as Int32Array;
const LOADING_MILLISECONDS = 300;

Atomics.add(counts, 1, 1);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOADING_MILLISECONDS);
Atomics.add(counts, 0, 1);

/** Ends the thread when it is asked to. */
export default function run({ ends }: { readonly ends: boolean }): void {
  if (ends) process.exit(3);
}
