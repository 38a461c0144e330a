import type { Picoseconds } from '../base/index.ts';

/** When each slot ends, in a heap that knows where each slot stands, so that an end can change. */
export interface EndHeap {
  /** Sets or changes the end of a slot. */
  set(slot: number, end: Picoseconds): void;
  /** -1 when empty. */
  earliest(): Picoseconds;
  /** Removes a slot that ends earliest, and returns it. */
  pop(): number;
}

export function createEndHeap(): EndHeap {
  const heap: number[] = [];
  const place: number[] = [];
  const ends: number[] = [];

  const put = (slot: number, at: number): void => {
    heap[at] = slot;
    place[slot] = at;
  };
  const rise = (slot: number, from: number): void => {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (ends[heap[parent]] <= ends[slot]) break;
      put(heap[parent], hole);
      hole = parent;
    }
    put(slot, hole);
  };
  const sink = (slot: number, from: number): void => {
    let hole = from;
    for (let child = 2 * hole + 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && ends[heap[child + 1]] < ends[heap[child]]) child++;
      if (ends[slot] <= ends[heap[child]]) break;
      put(heap[child], hole);
      hole = child;
    }
    put(slot, hole);
  };

  return {
    set(slot, end) {
      const at = place[slot] ?? -1;
      const sooner = at < 0 || end < ends[slot];
      ends[slot] = end;
      if (sooner) rise(slot, at < 0 ? heap.length : at);
      else sink(slot, at);
    },
    earliest: () => (heap.length > 0 ? ends[heap[0]] : -1),
    pop() {
      const [first] = heap;
      const moved = heap.pop() as number;
      place[first] = -1;
      if (moved !== first) sink(moved, 0);
      return first;
    },
  };
}
