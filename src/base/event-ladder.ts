import { type EventRows, emptyRows, grownRows } from './event-heap.ts';

/**
 * The ladder of the event queue: later events, sorted only as far as they have to be (after Tang, Goh and Thng, Ladder Queue, ACM TOMACS 15(3),
 * 2005). A rung cuts a stretch of time into buckets of equal width, a linked list each; its last bucket also takes everything that comes after.
 * When a bucket is due, its events go to the heap at the bottom, or, when they are many, on a rung of their own. So widths follow the events
 * that are there, and far ones cost no walk through empty time: a rung has half as many buckets as events were put on it.
 */
export interface EventLadder {
  /** Takes the event of a row; false when it comes before all buckets that are not yet due: it belongs to the heap. */
  put(rows: EventRows, row: number): boolean;
  /** Spreads the first `count` rows over a new rung; false, and nothing done, where that cannot tell them apart. */
  spread(rows: EventRows, count: number): boolean;
  /** Number of events in the next bucket, all of which come before those of later ones; 0 when the ladder is empty. */
  due(): number;
  /** Moves the events of the bucket that is due to rows 0, 1, ..., in no order. */
  take(rows: EventRows): void;
}

/** One rung covers the bucket that was last due on the rung before it. */
interface Rung {
  start: number;
  /** Buckets per unit of time. */
  scale: number;
  /** The last bucket, which is open towards the future. */
  last: number;
  /** First bucket that was not due yet. */
  next: number;
  /** First event of every bucket, or -1. */
  heads: Int32Array;
  counts: Int32Array;
}

/** With so many a bucket goes to the heap, however full it is. */
const MAX_RUNGS = 8;
const EVENTS_PER_BUCKET = 2;

export function createEventLadder(): EventLadder {
  const pool = createPool();
  const rungs: Rung[] = [];
  let depth = 0;
  let dueHead = -1;
  let dueCount = 0;

  /** Drops the deepest rungs that have nothing left; false when none remains. */
  const findDue = (): boolean => {
    for (; depth > 0; depth--) {
      const rung = rungs[depth - 1];
      while (rung.next <= rung.last && rung.counts[rung.next] === 0) rung.next++;
      if (rung.next <= rung.last) return true;
    }
    return false;
  };

  return {
    put(rows, row) {
      const time = rows.times[row];
      for (let i = 0; i < depth; i++) {
        const { start, scale, next, last, heads, counts } = rungs[i];
        const place = (time - start) * scale;
        if (place < next) continue;
        const bucket = place < last ? place | 0 : last;
        heads[bucket] = pool.add(rows, row, heads[bucket]);
        counts[bucket]++;
        return true;
      }
      return false;
    },
    spread(rows, count) {
      const { times } = rows;
      let first = times[0];
      let final = times[0];
      for (let i = 1; i < count; i++) {
        if (times[i] < first) first = times[i];
        else if (times[i] > final) final = times[i];
      }
      const buckets = 1 + Math.ceil(count / EVENTS_PER_BUCKET);
      const scale = (buckets - 1) / (final - first);
      if (depth === MAX_RUNGS || !(scale < Number.MAX_VALUE)) return false;
      rungs[depth] = { ...emptyRung(buckets, rungs[depth]), start: first, scale };
      const { heads, counts, last } = rungs[depth++];
      for (let i = 0; i < count; i++) {
        const place = (times[i] - first) * scale;
        const bucket = place < last ? place | 0 : last;
        heads[bucket] = pool.add(rows, i, heads[bucket]);
        counts[bucket]++;
      }
      return true;
    },
    due() {
      if (!findDue()) return 0;
      const rung = rungs[depth - 1];
      dueHead = rung.heads[rung.next];
      dueCount = rung.counts[rung.next];
      // A rung whose open bucket is due has nothing left: what comes later may go to the next one.
      if (rung.next++ === rung.last) depth--;
      return dueCount;
    },
    take(rows) {
      pool.take(dueHead, rows, dueCount);
    },
  };
}

function emptyRung(buckets: number, before: Rung | undefined): Rung {
  const enough = before !== undefined && before.heads.length >= buckets;
  const heads = enough ? before.heads.fill(-1, 0, buckets) : new Int32Array(buckets).fill(-1);
  const counts = enough ? before.counts.fill(0, 0, buckets) : new Int32Array(buckets);
  return { start: 0, scale: 0, last: buckets - 1, next: 0, heads, counts };
}

/** Events in linked lists over one set of arrays; slots that become free are used again. */
interface Pool {
  /** Copies the event of a row before the list that begins at `next`; returns the new beginning. */
  add(rows: EventRows, row: number, next: number): number;
  /** Copies a list to the first rows and gives its slots back. */
  take(head: number, rows: EventRows, count: number): void;
}

function createPool(): Pool {
  let slots = emptyRows(16);
  /** Next event of a list, or next free slot. */
  let after = new Int32Array(16);
  let free = -1;
  let used = 0;
  return {
    add({ times, orders, payloads }, row, next) {
      let slot = free;
      if (slot >= 0) free = after[slot];
      else {
        if (used === after.length) {
          slots = grownRows(slots);
          const longer = new Int32Array(2 * used);
          longer.set(after);
          after = longer;
        }
        slot = used++;
      }
      slots.times[slot] = times[row];
      slots.orders[slot] = orders[row];
      slots.payloads[slot] = payloads[row];
      after[slot] = next;
      return slot;
    },
    take(head, { times, orders, payloads }, count) {
      let slot = head;
      let last = -1;
      // The head came last: rows are filled from the end, so that events of one time are in order already.
      for (let row = count - 1; row >= 0; row--) {
        times[row] = slots.times[slot];
        orders[row] = slots.orders[slot];
        payloads[row] = slots.payloads[slot];
        last = slot;
        slot = after[slot];
      }
      after[last] = free;
      free = head;
    },
  };
}
