import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLiveTransfers, type Transfer } from '../../src/network/live-transfers.ts';
import { naiveRates } from './naive-rates.ts';

const LINKS = 8;

describe('transfers over time', () => {
  const transfer = (seconds: number, link: number): Transfer => ({
    links: Uint32Array.from([link]),
    shares: Float64Array.from([1]),
    bytes: Float64Array.from([seconds * 1e9]),
    seconds,
  });

  test('a short transfer that joins a long one: both at half speed while both live, and the long one catches up', () => {
    const network = createLiveTransfers(LINKS);
    network.start(1, transfer(10e-6, 0), 0);
    expect(network.settle(0)).toBe(10_000_000);
    // After 4 us, 6 us are left; the newcomer needs 1 us, hence 2 us at half speed, in which the first does 1 us.
    network.start(2, transfer(1e-6, 0), 4_000_000);
    expect(network.settle(4_000_000)).toBe(6_000_000);
    expect(network.takeFinished(6_000_000)).toEqual([2]);
    expect(network.settle(6_000_000)).toBe(11_000_000);
    expect(network.takeFinished(11_000_000)).toEqual([1]);
    expect(network.settle(11_000_000)).toBe(-1);
    expect(network.busy[0]).toBe(11_000_000);
    expect(network.bytes[0]).toBeCloseTo(11_000, 9);
  });

  test('a transfer whose links nobody else uses keeps its end, whatever starts beside it', () => {
    const network = createLiveTransfers(LINKS);
    network.start(1, transfer(3.3e-6, 0), 7);
    const end = network.settle(7);
    for (let now = 8; now < 20; now++) {
      network.start(now, transfer(1e-3, 1), now);
      expect(network.settle(now)).toBe(end);
    }
    expect(end).toBe(7 + 3_300_000);
  });

  /** Every start and end as it comes, with rates from nothing and all transfers looked at. */
  function naiveEnds(drafts: readonly { start: number; transfer: Transfer }[], links: number): Float64Array {
    const ends = new Float64Array(drafts.length).fill(-1);
    const left = drafts.map(({ transfer: { seconds } }) => seconds * 1e12);
    let now = 0;
    for (;;) {
      const live = [...drafts.keys()].filter((i) => drafts[i].start <= now && ends[i] < 0);
      const rates = naiveRates(
        links,
        live.map((i) => drafts[i].transfer),
      );
      const next = [...drafts.keys()].filter((i) => drafts[i].start > now).map((i) => drafts[i].start);
      for (const [place, i] of live.entries()) next.push(now + left[i] / rates[place]);
      if (next.length === 0) return ends;
      const then = Math.min(...next);
      for (const [place, i] of live.entries()) {
        left[i] -= (then - now) * rates[place];
        if (left[i] < 1e-3) ends[i] = then;
      }
      now = then;
    }
  }

  function liveEnds(drafts: readonly { start: number; transfer: Transfer }[], links: number): Float64Array {
    const network = createLiveTransfers(links);
    const ends = new Float64Array(drafts.length).fill(-1);
    const waiting = [...drafts.keys()].sort((a, b) => drafts[a].start - drafts[b].start);
    for (let nextEnd = -1; ; ) {
      const start = waiting.length > 0 ? drafts[waiting[0]].start : Number.POSITIVE_INFINITY;
      const now = nextEnd >= 0 ? Math.min(start, nextEnd) : start;
      if (now === Number.POSITIVE_INFINITY) return ends;
      for (const id of network.takeFinished(now)) ends[id] = now;
      while (waiting.length > 0 && drafts[waiting[0]].start <= now) {
        const id = waiting.shift() as number;
        network.start(id, drafts[id].transfer, now);
      }
      nextEnd = network.settle(now);
    }
  }

  test('any starts, shares and sizes: ends are those of a simulation that forgets everything between events', () => {
    let most = 0;
    const links = 300;
    const entry = fc.tuple(fc.nat(links - 1), fc.integer({ min: 1, max: 1000 }));
    const draft = fc.record({
      start: fc.integer({ min: 0, max: 40 }).map((n) => n * 1e5),
      seconds: fc.integer({ min: 1, max: 1000 }).map((n) => n * 1e-8),
      uses: fc.uniqueArray(entry, { selector: ([link]) => link, minLength: 1, maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(draft, { minLength: 100, maxLength: 140 }), (made) => {
        const drafts = made.map(({ start, seconds, uses }) => ({
          start,
          transfer: {
            seconds,
            links: Uint32Array.from(uses, ([link]) => link),
            shares: Float64Array.from(uses, ([, share]) => share / 1000),
            bytes: Float64Array.from(uses, ([, share]) => share),
          },
        }));
        const ends = liveEnds(drafts, links);
        const exact = naiveEnds(drafts, links);
        for (const [i, end] of ends.entries()) {
          expect(end).toBeGreaterThan(0);
          // Every change of a rate rounds an end to a picosecond, and what ends later feels it.
          most = Math.max(most, Math.abs(end - exact[i]));
        }
      }),
      { numRuns: 6, seed: 45 },
    );
    expect(most).toBeLessThan(100);
  });
});
