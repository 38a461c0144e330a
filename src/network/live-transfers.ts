import { assert, PICOSECONDS_PER_SECOND, type Picoseconds, toPicoseconds } from '../base/index.ts';
import { createEndHeap } from './end-heap.ts';
import { createFairRates } from './fair-rates.ts';
import type { LinkUse } from './live-uses.ts';

/** Bytes that move as one fluid over a set of links: one phase of one group of a collective. */
export interface Transfer extends LinkUse {
  /** Alone on idle wires, without latency. */
  readonly seconds: number;
  readonly bytes: Float64Array;
}

/**
 * The wires: live transfers share links by max-min fairness. Changes take effect in `settle`, once per instant, so that transfers which start
 * and end together never see each other half-way.
 */
export interface LiveTransfers {
  start(id: number, transfer: Transfer, now: Picoseconds): void;
  /** Shares the links anew after starts and ends at `now`; returns when the next transfer ends, or -1 when none is live. */
  settle(now: Picoseconds): Picoseconds;
  /** Ends the transfers whose time has come and returns their ids, in the order in which they started. */
  takeFinished(now: Picoseconds): number[];
  /** [links]: bytes carried, and picoseconds during which the link carried anything. */
  readonly bytes: Float64Array;
  readonly busy: Float64Array;
}

interface Live {
  readonly id: number;
  readonly transfer: Transfer;
  /** Grows with every start. */
  readonly sequence: number;
  /** Of `transfer.seconds`, at time `since`. */
  remaining: number;
  since: Picoseconds;
  rate: number;
  end: Picoseconds;
}

export function createLiveTransfers(linkCount: number): LiveTransfers {
  const rates = createFairRates(linkCount);
  const ends = createEndHeap();
  const bytes = new Float64Array(linkCount);
  const busy = new Float64Array(linkCount);
  const users = new Int32Array(linkCount);
  const usedSince = new Float64Array(linkCount);
  /** By slot of `rates`. */
  const live: Live[] = [];
  let started = 0;

  return {
    bytes,
    busy,
    start(id, transfer, now) {
      const one = { id, transfer, sequence: started++, remaining: transfer.seconds, since: now, rate: 0, end: Number.POSITIVE_INFINITY };
      live[rates.add(transfer)] = one;
      const { links } = transfer;
      for (let i = 0; i < links.length; i++) {
        bytes[links[i]] += transfer.bytes[i];
        if (users[links[i]]++ === 0) usedSince[links[i]] = now;
      }
    },
    settle(now) {
      // An unchanged rate keeps its end: a transfer that nobody disturbs is rounded exactly once.
      for (const slot of rates.solve()) {
        changeRate(live[slot], rates.rate(slot), now);
        ends.set(slot, live[slot].end);
      }
      return ends.earliest();
    },
    takeFinished(now) {
      const finished: Live[] = [];
      while (ends.earliest() >= 0 && ends.earliest() <= now) {
        const slot = ends.pop();
        finished.push(live[slot]);
        rates.remove(slot);
        for (const link of live[slot].transfer.links) {
          if (users[link] === 0) assert(false, `link ${link} is in use`);
          if (--users[link] === 0) busy[link] += now - usedSince[link];
        }
      }
      return finished.sort((a, b) => a.sequence - b.sequence).map((one) => one.id);
    },
  };
}

function changeRate(one: Live, rate: number, now: Picoseconds): void {
  if (!(rate > 0)) assert(false, `a live transfer moves, rate ${rate}`);
  one.remaining = Math.max(0, one.remaining - (one.rate * (now - one.since)) / PICOSECONDS_PER_SECOND);
  one.since = now;
  one.rate = rate;
  one.end = now + toPicoseconds(one.remaining / rate);
}
