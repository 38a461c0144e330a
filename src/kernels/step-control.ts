import { type ArenaPlan, elementCount, type TensorView } from '../model/index.ts';

/**
 * The shared words by which the lanes of a step agree: which item is next, how many are done, whether to leave, and what each lane is at.
 * Items are numbered through all phases: one of a phase may begin when as many are done as stand before that phase. Every access is atomic; words that different
 * lanes write stand on cache lines of their own. On memory that is not shared there is one lane, which never has to wait.
 */
const WORDS_PER_LINE = 16;
const NEXT = 0;
const DONE = WORDS_PER_LINE;
const ABORT = 2 * WORDS_PER_LINE;
const LANES = 3 * WORDS_PER_LINE;

/** Some 0.3 ms: lanes that meet at the end of a phase are mostly that close, and to sleep and be woken costs ten times as much as to look. */
const SPINS = 20_000;
const WAIT_MILLISECONDS = 20;

/** Words of a control block for `lanes` lanes; all must be zero when a step begins. */
export function stepControlWords(lanes: number): number {
  return LANES + lanes * WORDS_PER_LINE;
}

/** Where a control block lies in the memory of a step, as plain data. */
export type StepControlView = Pick<TensorView, 'offset' | 'shape'>;

export function planStepControl(arena: ArenaPlan, lanes: number): StepControlView {
  const { offset, shape } = arena.allocate([stepControlWords(lanes)], 'f32');
  return { offset, shape };
}

export function stepControl(buffer: ArrayBufferLike, { offset, shape }: StepControlView): Int32Array {
  return new Int32Array(buffer, offset, elementCount(shape));
}

/** Makes the block ready for the next step. No lane may be at work. */
export function resetStepControl(control: Int32Array): void {
  control.fill(0);
}

/** The next item that nobody has taken; may lie behind the last one. */
export function claimItem(control: Int32Array): number {
  return Atomics.add(control, NEXT, 1);
}

/** Counts an item as done, and wakes who waits when it is the last before `phaseEnd`. */
export function finishItem(control: Int32Array, phaseEnd: number): void {
  if (Atomics.add(control, DONE, 1) + 1 === phaseEnd) Atomics.notify(control, DONE);
}

/** Items of all phases that are done. */
export function itemsDone(control: Int32Array): number {
  return Atomics.load(control, DONE);
}

export type Waited = 'done' | 'aborted' | 'stuck';

/** Waits until the first `wanted` items are done, or the step is aborted, or nothing has been done for `patienceSeconds`. It counts its own waiting: there is no clock here. */
export function awaitItems(control: Int32Array, wanted: number, patienceSeconds: number): Waited {
  if (isAborted(control)) return 'aborted';
  for (let spin = 0; spin < SPINS; spin++) if (itemsDone(control) >= wanted) return 'done';
  let seen = itemsDone(control);
  for (let quiet = 0; ; ) {
    if (isAborted(control)) return 'aborted';
    const done = itemsDone(control);
    if (done >= wanted) return 'done';
    if (done !== seen) quiet = 0;
    seen = done;
    if (quiet * WAIT_MILLISECONDS >= patienceSeconds * 1000) return 'stuck';
    if (Atomics.wait(control, DONE, done, WAIT_MILLISECONDS) === 'timed-out') quiet++;
  }
}

/** Tells every lane to leave before its next item, and wakes those that wait. */
export function abortStep(control: Int32Array): void {
  Atomics.store(control, ABORT, 1);
  Atomics.notify(control, DONE);
}

export function isAborted(control: Int32Array): boolean {
  return Atomics.load(control, ABORT) !== 0;
}

/** What a lane is at: nothing, an item that it has taken and may not begin yet, or one that it runs. */
export type LaneState = { readonly at: 'nothing' } | { readonly at: 'waiting' | 'running'; readonly item: number };

export function noteLane(control: Int32Array, lane: number, state: LaneState): void {
  const word = state.at === 'nothing' ? 0 : state.at === 'running' ? state.item + 1 : -(state.item + 1);
  Atomics.store(control, LANES + lane * WORDS_PER_LINE, word);
}

/** What a lane last noted; whoever survives can ask for one that is dead. */
export function laneState(control: Int32Array, lane: number): LaneState {
  const word = Atomics.load(control, LANES + lane * WORDS_PER_LINE);
  if (word === 0) return { at: 'nothing' };
  return word > 0 ? { at: 'running', item: word - 1 } : { at: 'waiting', item: -word - 1 };
}

export function laneCount(control: Int32Array): number {
  return (control.length - LANES) / WORDS_PER_LINE;
}
