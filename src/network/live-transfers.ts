import { assert, PICOSECONDS_PER_SECOND, type Picoseconds, toPicoseconds } from '../base/index.ts';
import { createRateSolver, type LinkUse } from './fair-rates.ts';

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
  /** Of `transfer.seconds`, at time `since`. */
  remaining: number;
  since: Picoseconds;
  rate: number;
  end: Picoseconds;
}

export function createLiveTransfers(linkCount: number): LiveTransfers {
  const solver = createRateSolver(linkCount);
  const bytes = new Float64Array(linkCount);
  const busy = new Float64Array(linkCount);
  const users = new Int32Array(linkCount);
  const usedSince = new Float64Array(linkCount);
  let live: Live[] = [];
  let rates = new Float64Array(64);

  return {
    bytes,
    busy,
    start(id, transfer, now) {
      live.push({ id, transfer, remaining: transfer.seconds, since: now, rate: 0, end: Number.POSITIVE_INFINITY });
      const { links } = transfer;
      for (let i = 0; i < links.length; i++) {
        bytes[links[i]] += transfer.bytes[i];
        if (users[links[i]]++ === 0) usedSince[links[i]] = now;
      }
    },
    settle(now) {
      if (rates.length < live.length) rates = new Float64Array(2 * live.length);
      solver.solve(
        live.map((one) => one.transfer),
        rates,
      );
      let next = -1;
      for (const [i, one] of live.entries()) {
        // An unchanged rate keeps its end: a transfer that nobody disturbs is rounded exactly once.
        if (one.rate !== rates[i]) {
          changeRate(one, rates[i], now);
        }
        if (next < 0 || one.end < next) next = one.end;
      }
      return next;
    },
    takeFinished(now) {
      const finished = live.filter((one) => one.end <= now);
      live = live.filter((one) => one.end > now);
      for (const { transfer } of finished) {
        for (const link of transfer.links) {
          assert(users[link] > 0, `link ${link} is in use`);
          if (--users[link] === 0) busy[link] += now - usedSince[link];
        }
      }
      return finished.map((one) => one.id);
    },
  };
}

function changeRate(one: Live, rate: number, now: Picoseconds): void {
  assert(rate > 0, `a live transfer moves, rate ${rate}`);
  one.remaining = Math.max(0, one.remaining - (one.rate * (now - one.since)) / PICOSECONDS_PER_SECOND);
  one.since = now;
  one.rate = rate;
  one.end = now + toPicoseconds(one.remaining / rate);
}
