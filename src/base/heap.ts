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

export function createEventHeap(initialCapacity = 1024): EventHeap {
  let times = new Float64Array(initialCapacity);
  let orders = new Float64Array(initialCapacity);
  let payloads = new Int32Array(initialCapacity);
  let size = 0;
  let sequence = 0;
  const MAX_SEQUENCE = 2 ** 50 / PHASES;

  const comesBefore = (time: number, order: number, other: number): boolean =>
    time < times[other] || (time === times[other] && order < orders[other]);

  const move = (from: number, to: number): void => {
    times[to] = times[from];
    orders[to] = orders[from];
    payloads[to] = payloads[from];
  };

  const grow = (): void => {
    const larger = times.length * 2;
    times = copyInto(new Float64Array(larger), times);
    orders = copyInto(new Float64Array(larger), orders);
    payloads = copyInto(new Int32Array(larger), payloads);
  };

  const heap = {
    time: 0,
    phase: 0,
    payload: 0,
    get size() {
      return size;
    },
    push(time: number, phase: number, payload: number): void {
      if (size === times.length) grow();
      const order = phase * MAX_SEQUENCE + sequence++;
      let hole = size++;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (!comesBefore(time, order, parent)) break;
        move(parent, hole);
        hole = parent;
      }
      times[hole] = time;
      orders[hole] = order;
      payloads[hole] = payload;
    },
    pop(): boolean {
      if (size === 0) return false;
      heap.time = times[0];
      heap.phase = Math.floor(orders[0] / MAX_SEQUENCE);
      heap.payload = payloads[0];
      size--;
      const time = times[size];
      const order = orders[size];
      const payload = payloads[size];
      let hole = 0;
      for (;;) {
        let child = 2 * hole + 1;
        if (child >= size) break;
        if (child + 1 < size && comesBefore(times[child + 1], orders[child + 1], child)) child++;
        if (comesBefore(time, order, child)) break;
        move(child, hole);
        hole = child;
      }
      times[hole] = time;
      orders[hole] = order;
      payloads[hole] = payload;
      return true;
    },
  };
  return heap;
}

function copyInto<T extends Float64Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
