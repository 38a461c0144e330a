/**
 * Event heap: a binary heap in three typed arrays, ordered by (time, phase, sequence). The plain event queue, and the bottom of the faster one
 * (`event-queue.ts`). This file holds the only total order of events in the project: earlier time first, then lower phase, then the one that
 * came first.
 */
export interface EventQueue {
  push(time: number, phase: number, payload: number): void;
  /** Removes the first event; false when there is none. The event is then in `time`, `phase` and `payload`. */
  pop(): boolean;
  readonly size: number;
  readonly time: number;
  readonly phase: number;
  readonly payload: number;
}

/** Phases are below this number; phase and sequence share one exactly represented key. */
const PHASES = 8;
const MAX_SEQUENCE = 2 ** 50 / PHASES;

/** The key that orders events of one time. */
export function orderOf(phase: number, sequence: number): number {
  return phase * MAX_SEQUENCE + sequence;
}

export function phaseOf(order: number): number {
  return Math.floor(order / MAX_SEQUENCE);
}

/** Heap order: the children of row i are rows 2i + 1 and 2i + 2. */
export interface EventRows {
  readonly times: Float64Array;
  /** See `orderOf`. */
  readonly orders: Float64Array;
  readonly payloads: Int32Array;
}

export function createEventHeap(initialCapacity = 1024): EventQueue {
  let rows = emptyRows(initialCapacity);
  let sequence = 0;
  const heap = {
    time: 0,
    phase: 0,
    payload: 0,
    // A getter in its place would turn the heap into a hash table, which V8 looks names up in.
    size: 0,
    push(time: number, phase: number, payload: number): void {
      if (heap.size === rows.times.length) rows = grownRows(rows);
      write(rows, heap.size, time, orderOf(phase, sequence++), payload);
      riseFrom(rows, heap.size++);
    },
    pop(): boolean {
      if (heap.size === 0) return false;
      heap.time = rows.times[0];
      heap.phase = phaseOf(rows.orders[0]);
      heap.payload = rows.payloads[0];
      const size = --heap.size;
      sinkInto(rows, 0, size, size);
      return true;
    },
  };
  return heap;
}

/**
 * Moves the event of the last row as far up as its order asks for. Rows and no times are handed over: a call that is not inlined would box them.
 * Here and in `sinkInto` the loop holds the arrays themselves and compares in place: a fifth faster than helpers over rows.
 */
export function riseFrom({ times, orders, payloads }: EventRows, end: number): void {
  const time = times[end];
  const order = orders[end];
  const payload = payloads[end];
  let hole = end;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const before = times[parent];
    if (before < time || (before === time && orders[parent] < order)) break;
    times[hole] = before;
    orders[hole] = orders[parent];
    payloads[hole] = payloads[parent];
    hole = parent;
  }
  times[hole] = time;
  orders[hole] = order;
  payloads[hole] = payload;
}

/** Puts the event of row `from` into the hole at `top`, or as far below it as its order asks for, among the first `size` rows. */
export function sinkInto({ times, orders, payloads }: EventRows, top: number, size: number, from: number): void {
  const time = times[from];
  const order = orders[from];
  const payload = payloads[from];
  let hole = top;
  for (let child = 2 * top + 1; child < size; child = 2 * hole + 1) {
    let first = times[child];
    if (child + 1 < size) {
      const other = times[child + 1];
      if (other < first || (other === first && orders[child + 1] < orders[child])) {
        first = other;
        child++;
      }
    }
    if (time < first || (time === first && order < orders[child])) break;
    times[hole] = first;
    orders[hole] = orders[child];
    payloads[hole] = payloads[child];
    hole = child;
  }
  times[hole] = time;
  orders[hole] = order;
  payloads[hole] = payload;
}

/** Puts the first `size` rows, in any order, into heap order (Floyd). */
export function makeHeap(rows: EventRows, size: number): void {
  for (let top = (size >> 1) - 1; top >= 0; top--) sinkInto(rows, top, size, top);
}

export function emptyRows(capacity: number): EventRows {
  return { times: new Float64Array(capacity), orders: new Float64Array(capacity), payloads: new Int32Array(capacity) };
}

export function grownRows(rows: EventRows): EventRows {
  const larger = emptyRows(rows.times.length * 2);
  larger.times.set(rows.times);
  larger.orders.set(rows.orders);
  larger.payloads.set(rows.payloads);
  return larger;
}

export function write({ times, orders, payloads }: EventRows, row: number, time: number, order: number, payload: number): void {
  times[row] = time;
  orders[row] = order;
  payloads[row] = payload;
}
