/**
 * The shared words by which threads agree: which item is next, how many of each phase are done, and whether to stop.
 * Every access is atomic; on memory that is not shared there is one thread, which never has to wait.
 */
const NEXT = 0;
const STOP = 1;
const DONE = 2;
export const CONTROL_WORDS = 8;

const WAIT_MILLISECONDS = 20;

/** The next item that nobody has taken. */
export function takeItem(control: Int32Array): number {
  return Atomics.add(control, NEXT, 1);
}

export function markDone(control: Int32Array, phase: number): void {
  Atomics.add(control, DONE + phase, 1);
  Atomics.notify(control, DONE + phase);
}

/** Waits until `count` items of `phase` are done; false when everything was stopped instead. */
export function awaitPhase(control: Int32Array, phase: number, count: number): boolean {
  for (;;) {
    if (isStopped(control)) return false;
    const done = Atomics.load(control, DONE + phase);
    if (done >= count) return true;
    Atomics.wait(control, DONE + phase, done, WAIT_MILLISECONDS);
  }
}

/** Items of all phases that are done. */
export function itemsDone(control: Int32Array): number {
  let done = 0;
  for (let word = DONE; word < CONTROL_WORDS; word++) done += Atomics.load(control, word);
  return done;
}

/** Tells every thread to leave before its next item. */
export function stop(control: Int32Array): void {
  Atomics.store(control, STOP, 1);
}

export function isStopped(control: Int32Array): boolean {
  return Atomics.load(control, STOP) !== 0;
}
