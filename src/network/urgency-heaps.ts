/**
 * Many small priority queues over one set of items, each item in one queue at most: pairing heaps (Fredman, Sedgewick, Sleator and Tarjan, 1986)
 * whose links stand in two arrays over all items. The lowest key comes first.
 */
export interface UrgencyHeaps {
  isEmpty(queue: number): boolean;
  holds(item: number): boolean;
  push(queue: number, item: number, key: number): void;
  /** Of a queue that is not empty. */
  pop(queue: number): number;
}

export function createUrgencyHeaps(queues: number, items: number): UrgencyHeaps {
  const root = new Int32Array(queues).fill(-1);
  const keys = new Float64Array(items);
  const child = new Int32Array(items).fill(-1);
  /** Next child of the same parent; -1 at the last, -2 where the item is in no queue. */
  const sibling = new Int32Array(items).fill(OUTSIDE);

  const meld = (a: number, b: number): number => {
    if (a < 0 || b < 0) return Math.max(a, b);
    const [upper, lower] = keys[a] <= keys[b] ? [a, b] : [b, a];
    sibling[lower] = child[upper];
    child[upper] = lower;
    sibling[upper] = -1;
    return upper;
  };

  /** Melds children in pairs from left to right, and the pairs from right to left. */
  const meldChildren = (first: number): number => {
    let pairs = -1;
    for (let one = first; one >= 0; ) {
      const other = sibling[one];
      const rest = other < 0 ? -1 : sibling[other];
      const pair = meld(one, other);
      sibling[pair] = pairs;
      pairs = pair;
      one = rest;
    }
    let all = -1;
    while (pairs >= 0) {
      const before = sibling[pairs];
      sibling[pairs] = -1;
      all = meld(pairs, all);
      pairs = before;
    }
    return all;
  };

  return {
    isEmpty: (queue) => root[queue] < 0,
    holds: (item) => sibling[item] !== OUTSIDE,
    push(queue, item, key) {
      keys[item] = key;
      child[item] = -1;
      sibling[item] = -1;
      root[queue] = meld(item, root[queue]);
    },
    pop(queue) {
      const first = root[queue];
      root[queue] = meldChildren(child[first]);
      sibling[first] = OUTSIDE;
      return first;
    },
  };
}

const OUTSIDE = -2;
