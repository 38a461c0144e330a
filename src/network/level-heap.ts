/** Links by the level at which they fill: a binary heap of (level, link). */
export interface LevelHeap {
  /** Of the first link; infinite when there is none. */
  level(): number;
  push(level: number, link: number): void;
  /** Removes the first link and returns it. */
  pop(): number;
  clear(): void;
}

/** Each link stands in the heap once at most. */
export function createLevelHeap(linkCount: number): LevelHeap {
  const levels = new Float64Array(linkCount + 1);
  const links = new Int32Array(linkCount + 1);
  let size = 0;
  return {
    level: () => (size > 0 ? levels[0] : Number.POSITIVE_INFINITY),
    push(level, link) {
      let hole = size++;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (levels[parent] <= level) break;
        levels[hole] = levels[parent];
        links[hole] = links[parent];
        hole = parent;
      }
      levels[hole] = level;
      links[hole] = link;
    },
    pop() {
      const first = links[0];
      const level = levels[--size];
      const link = links[size];
      let hole = 0;
      for (let child = 1; child < size; child = 2 * hole + 1) {
        if (child + 1 < size && levels[child + 1] < levels[child]) child++;
        if (level <= levels[child]) break;
        levels[hole] = levels[child];
        links[hole] = links[child];
        hole = child;
      }
      levels[hole] = level;
      links[hole] = link;
      return first;
    },
    clear() {
      size = 0;
    },
  };
}
