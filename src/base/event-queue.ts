import { assert } from './errors.ts';
import { type EventQueue, emptyRows, grownRows, makeHeap, orderOf, phaseOf, riseFrom, sinkInto, write } from './event-heap.ts';
import { createEventLadder } from './event-ladder.ts';

/**
 * Event queue: a heap for the events that are due soon, and a ladder that keeps all others nearly unsorted (`event-ladder.ts`). As long as there are
 * few events it is the plain heap, somewhat slower for the checks around it: where hundreds are pending at most, `createEventHeap` is enough.
 * Time does not run backwards: nothing is pushed before the last event that was popped.
 */
export function createEventQueue(initialCapacity = 1024): EventQueue {
  const ladder = createEventLadder();
  let rows = emptyRows(initialCapacity);
  let inHeap = 0;
  let sequence = 0;
  /** A heap that grows beyond this is spread over a new rung. */
  let limit = HEAP_LIMIT;

  const spreadHeap = (): void => {
    const done = ladder.spread(rows, inHeap);
    // What cannot be spread, such as events of one time, is not tried again before it has doubled.
    limit = done ? HEAP_LIMIT : 2 * inHeap;
    if (done) inHeap = 0;
  };

  /** Fills the empty heap with the events that are due next. */
  const refill = (): void => {
    while (inHeap === 0) {
      inHeap = ladder.due();
      while (inHeap > rows.times.length) rows = emptyRows(2 * rows.times.length);
      ladder.take(rows);
      limit = HEAP_LIMIT;
      if (inHeap > limit) spreadHeap();
    }
    makeHeap(rows, inHeap);
  };

  const queue = {
    time: 0,
    phase: 0,
    payload: 0,
    size: 0,
    push(time: number, phase: number, payload: number): void {
      if (!(time >= queue.time)) assert(false, `an event at ${time}, after one at ${queue.time}`);
      queue.size++;
      if (inHeap === rows.times.length) rows = grownRows(rows);
      write(rows, inHeap, time, orderOf(phase, sequence++), payload);
      if (ladder.put(rows, inHeap)) return;
      riseFrom(rows, inHeap++);
      if (inHeap > limit) spreadHeap();
    },
    pop(): boolean {
      if (queue.size === 0) return false;
      if (inHeap === 0) refill();
      queue.time = rows.times[0];
      queue.phase = phaseOf(rows.orders[0]);
      queue.payload = rows.payloads[0];
      queue.size--;
      inHeap--;
      sinkInto(rows, 0, inHeap, inHeap);
      return true;
    },
  };
  return queue;
}

const HEAP_LIMIT = 64;
