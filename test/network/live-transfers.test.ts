import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateSolver, type LinkUse } from '../../src/network/fair-rates.ts';
import { createLiveTransfers, type Transfer } from '../../src/network/live-transfers.ts';

const LINKS = 8;

function ratesOf(live: readonly LinkUse[]): number[] {
  const rates = new Float64Array(live.length);
  createRateSolver(LINKS).solve(live, rates);
  return [...rates];
}

const use = (...shares: [link: number, share: number][]): LinkUse => ({
  links: Uint32Array.from(shares, ([link]) => link),
  shares: Float64Array.from(shares, ([, share]) => share),
});

describe('max-min fair rates', () => {
  test('alone: full speed; two equal on one link: half each; apart: full speed again', () => {
    expect(ratesOf([use([0, 1])])).toEqual([1]);
    expect(ratesOf([use([0, 1]), use([0, 1])])).toEqual([0.5, 0.5]);
    expect(ratesOf([use([0, 1]), use([1, 1])])).toEqual([1, 1]);
  });

  test('who shares a link with many slows down, who does not takes the rest', () => {
    // Three on link 0 get a third each; the one of them that also crosses link 1 leaves two thirds there for another.
    const rates = ratesOf([use([0, 1]), use([0, 1]), use([0, 1], [1, 1]), use([1, 1])]);
    for (const [i, expected] of [1 / 3, 1 / 3, 1 / 3, 2 / 3].entries()) expect(rates[i]).toBeCloseTo(expected, 12);
  });

  test('links that are not the bottleneck of a transfer may be shared without loss', () => {
    expect(ratesOf([use([0, 1], [1, 0.25]), use([1, 0.5], [2, 1])])).toEqual([1, 1]);
  });

  test('no link overflows, and every slowed transfer has a full link on which nobody is faster', () => {
    let slowed = 0;
    const share = fc.integer({ min: 1, max: 1000 }).map((n) => n / 1000);
    const anyUse = fc.uniqueArray(fc.tuple(fc.nat(LINKS - 1), share), { selector: ([link]) => link, minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anyUse, { minLength: 1, maxLength: 12 }), (drafts) => {
        const live = drafts.map((draft) => use(...draft));
        const rates = ratesOf(live);
        const used = new Float64Array(LINKS);
        const fastest = new Float64Array(LINKS);
        live.forEach(({ links, shares }, i) => {
          links.forEach((link, j) => {
            used[link] += shares[j] * rates[i];
            fastest[link] = Math.max(fastest[link], rates[i]);
          });
        });
        for (const load of used) expect(load).toBeLessThanOrEqual(1 + 1e-9);
        live.forEach(({ links }, i) => {
          expect(rates[i]).toBeGreaterThan(0);
          expect(rates[i]).toBeLessThanOrEqual(1);
          if (rates[i] === 1) return;
          slowed++;
          expect([...links].some((link) => used[link] > 1 - 1e-9 && rates[i] >= fastest[link] - 1e-9)).toBe(true);
        });
      }),
      { numRuns: 300, seed: 41 },
    );
    expect(slowed).toBeGreaterThan(100);
  });
});

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
});
