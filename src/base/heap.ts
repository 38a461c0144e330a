/**
 * Event heap: a binary heap in three typed arrays, ordered by (time, phase, sequence).
 * This file holds the only total order of events in the project: earlier time first, then lower phase, then the one that came first.
 */
export interface EventHeap {
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

/** Heap order: the children of row i are rows 2i + 1 and 2i + 2. */
interface Arrays {
  readonly times: Float64Array;
  /** phase * MAX_SEQUENCE + sequence. */
  readonly orders: Float64Array;
  readonly payloads: Int32Array;
}

export function createEventHeap(initialCapacity = 1024): EventHeap {
  let arrays = emptyArrays(initialCapacity);
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
      if (size === arrays.times.length) arrays = grown(arrays);
      placeUp(arrays, size++, time, phase * MAX_SEQUENCE + sequence++, payload);
    },
    pop(): boolean {
      if (size === 0) return false;
      const { times, orders, payloads } = arrays;
      heap.time = times[0];
      heap.phase = Math.floor(orders[0] / MAX_SEQUENCE);
      heap.payload = payloads[0];
      size--;
      placeDown(arrays, size, times[size], orders[size], payloads[size]);
      return true;
    },
  };
  return heap;
}

/** Puts an event into the hole at the end, or as far above it as its order asks for. */
function placeUp(arrays: Arrays, end: number, time: number, order: number, payload: number): void {
  let hole = end;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (!comesBefore(arrays, time, order, parent)) break;
    move(arrays, parent, hole);
    hole = parent;
  }
  write(arrays, hole, time, order, payload);
}

/** Puts an event into the hole at the top, or as far below it as its order asks for, among the first `size` rows. */
function placeDown(arrays: Arrays, size: number, time: number, order: number, payload: number): void {
  const { times, orders } = arrays;
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    if (child + 1 < size && comesBefore(arrays, times[child + 1], orders[child + 1], child)) child++;
    if (comesBefore(arrays, time, order, child)) break;
    move(arrays, child, hole);
    hole = child;
  }
  write(arrays, hole, time, order, payload);
}

function comesBefore({ times, orders }: Arrays, time: number, order: number, row: number): boolean {
  return time < times[row] || (time === times[row] && order < orders[row]);
}

function move({ times, orders, payloads }: Arrays, from: number, to: number): void {
  times[to] = times[from];
  orders[to] = orders[from];
  payloads[to] = payloads[from];
}

function write({ times, orders, payloads }: Arrays, row: number, time: number, order: number, payload: number): void {
  times[row] = time;
  orders[row] = order;
  payloads[row] = payload;
}

function emptyArrays(capacity: number): Arrays {
  return { times: new Float64Array(capacity), orders: new Float64Array(capacity), payloads: new Int32Array(capacity) };
}

function grown(arrays: Arrays): Arrays {
  const larger = emptyArrays(arrays.times.length * 2);
  larger.times.set(arrays.times);
  larger.orders.set(arrays.orders);
  larger.payloads.set(arrays.payloads);
  return larger;
}
