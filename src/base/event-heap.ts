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
  let size = 0;
  let sequence = 0;
  const heap = {
    time: 0,
    phase: 0,
    payload: 0,
    get size() {
      return size;
    },
    push(time: number, phase: number, payload: number): void {
      if (size === rows.times.length) rows = grownRows(rows);
      write(rows, size, time, orderOf(phase, sequence++), payload);
      riseFrom(rows, size++);
    },
    pop(): boolean {
      if (size === 0) return false;
      const { times, orders, payloads } = rows;
      heap.time = times[0];
      heap.phase = phaseOf(orders[0]);
      heap.payload = payloads[0];
      size--;
      sinkInto(rows, 0, size, size);
      return true;
    },
  };
  return heap;
}

/** Moves the event of the last row as far up as its order asks for. Rows and no times are handed over: a call that is not inlined would box them. */
export function riseFrom(rows: EventRows, end: number): void {
  const { times, orders, payloads } = rows;
  const time = times[end];
  const order = orders[end];
  const payload = payloads[end];
  let hole = end;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (!comesBefore(rows, time, order, parent)) break;
    move(rows, parent, hole);
    hole = parent;
  }
  write(rows, hole, time, order, payload);
}

/** Puts the event of row `from` into the hole at `top`, or as far below it as its order asks for, among the first `size` rows. */
export function sinkInto(rows: EventRows, top: number, size: number, from: number): void {
  const { times, orders, payloads } = rows;
  const time = times[from];
  const order = orders[from];
  const payload = payloads[from];
  let hole = top;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    if (child + 1 < size && comesBefore(rows, times[child + 1], orders[child + 1], child)) child++;
    if (comesBefore(rows, time, order, child)) break;
    move(rows, child, hole);
    hole = child;
  }
  write(rows, hole, time, order, payload);
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

function comesBefore({ times, orders }: EventRows, time: number, order: number, row: number): boolean {
  return time < times[row] || (time === times[row] && order < orders[row]);
}

function move({ times, orders, payloads }: EventRows, from: number, to: number): void {
  times[to] = times[from];
  orders[to] = orders[from];
  payloads[to] = payloads[from];
}
