import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFairRates, type FairRates } from '../../src/network/fair-rates.ts';
import type { LinkUse } from '../../src/network/live-uses.ts';
import { naiveRates } from './naive-rates.ts';

const LINKS = 8;

function ratesOf(live: readonly LinkUse[], linkCount = LINKS): number[] {
  const rates = createFairRates(linkCount);
  const slots = live.map((one) => rates.add(one));
  rates.solve();
  return slots.map((slot) => rates.rate(slot));
}

const use = (...shares: [link: number, share: number][]): LinkUse => ({
  links: Uint32Array.from(shares, ([link]) => link),
  shares: Float64Array.from(shares, ([, share]) => share),
});

/** Shares in thousandths, up to twice a link. */
const share = fc.integer({ min: 1, max: 2000 }).map((n) => n / 1000);
const anyUse = (links: number, most: number) =>
  fc
    .uniqueArray(fc.tuple(fc.nat(links - 1), share), { selector: ([link]) => link, minLength: 1, maxLength: most })
    .map((draft) => use(...draft));

/** No link overflows, and every slowed transfer has a full link on which nobody is faster, the one that the solver names; returns how many are slowed. */
function expectFair(live: readonly LinkUse[], rateAt: (i: number) => number, bottleneckAt: (i: number) => number, links: number): number {
  const used = new Float64Array(links);
  const fastest = new Float64Array(links);
  live.forEach((one, i) => {
    one.links.forEach((link, j) => {
      used[link] += one.shares[j] * rateAt(i);
      fastest[link] = Math.max(fastest[link], rateAt(i));
    });
  });
  for (const load of used) expect(load).toBeLessThanOrEqual(1 + 1e-9);
  let slowed = 0;
  live.forEach((one, i) => {
    expect(rateAt(i)).toBeGreaterThan(0);
    expect(rateAt(i)).toBeLessThanOrEqual(1);
    if (rateAt(i) === 1) return;
    slowed++;
    const link = bottleneckAt(i);
    expect(one.links).toContain(link);
    expect(used[link]).toBeGreaterThan(1 - 1e-9);
    expect(rateAt(i)).toBeGreaterThanOrEqual(fastest[link] - 1e-9);
  });
  return slowed;
}

describe('max-min fair rates', () => {
  test('alone: full speed; two equal on one link: half each; apart: full speed again', () => {
    expect(ratesOf([use([0, 1])])).toEqual([1]);
    expect(ratesOf([use([0, 1]), use([0, 1])])).toEqual([0.5, 0.5]);
    expect(ratesOf([use([0, 1]), use([1, 1])])).toEqual([1, 1]);
  });

  test('a transfer that stands for many asks for more than a link has, also when it is alone', () => {
    expect(ratesOf([use([0, 4])])).toEqual([0.25]);
    expect(ratesOf([use([0, 4], [1, 0.5]), use([1, 1])])).toEqual([0.25, 0.875]);
  });

  test('who shares a link with many slows down, who does not takes the rest', () => {
    // Three on link 0 get a third each; the one of them that also crosses link 1 leaves two thirds there for another.
    const rates = ratesOf([use([0, 1]), use([0, 1]), use([0, 1], [1, 1]), use([1, 1])]);
    for (const [i, expected] of [1 / 3, 1 / 3, 1 / 3, 2 / 3].entries()) expect(rates[i]).toBeCloseTo(expected, 12);
  });

  test('links that are not the bottleneck of a transfer may be shared without loss', () => {
    expect(ratesOf([use([0, 1], [1, 0.25]), use([1, 0.5], [2, 1])])).toEqual([1, 1]);
  });

  test('filling by levels gives the bits of filling by definition, and rates are fair', () => {
    let slowed = 0;
    fc.assert(
      fc.property(fc.array(anyUse(LINKS, 4), { minLength: 1, maxLength: 60 }), (live) => {
        const rates = createFairRates(LINKS);
        const slots = live.map((one) => rates.add(one));
        rates.solve();
        const found = slots.map((slot) => rates.rate(slot));
        expect(found).toEqual(naiveRates(LINKS, live));
        slowed += expectFair(
          live,
          (i) => found[i],
          (i) => rates.bottleneck(slots[i]),
          LINKS,
        );
      }),
      { numRuns: 300, seed: 41 },
    );
    expect(slowed).toBeGreaterThan(1000);
  });

  test('the order in which transfers come does not matter', () => {
    fc.assert(
      fc.property(fc.array(anyUse(LINKS, 4), { minLength: 2, maxLength: 30 }), fc.infiniteStream(fc.nat()), (live, draws) => {
        const order = [...live.keys()];
        const keys = order.map(() => draws.next().value ?? 0);
        order.sort((a, b) => keys[a] - keys[b]);
        const straight = ratesOf(live);
        const shuffled = ratesOf(order.map((i) => live[i]));
        for (const [place, i] of order.entries()) expect(Math.abs(shuffled[place] / straight[i] - 1)).toBeLessThan(1e-11);
      }),
      { numRuns: 100, seed: 42 },
    );
  });
});

describe('changes', () => {
  /** Adds and removes in bursts, and compares every answer with filling from nothing. */
  function expectSameAsAnew(links: number, live: number, bursts: readonly (readonly LinkUse[])[]): { changed: number; rates: FairRates } {
    const rates = createFairRates(links);
    const slots: number[] = [];
    const uses = new Map<number, LinkUse>();
    const known = new Map<number, number>();
    let changed = 0;
    for (const [burst, arrivals] of bursts.entries()) {
      while (slots.length + arrivals.length > live && slots.length > 0) {
        const [gone] = slots.splice((burst * 7919) % slots.length, 1);
        rates.remove(gone);
        uses.delete(gone);
        known.delete(gone);
      }
      for (const one of arrivals) {
        const slot = rates.add(one);
        slots.push(slot);
        uses.set(slot, one);
      }
      for (const slot of rates.solve()) {
        expect(known.get(slot)).not.toBe(rates.rate(slot));
        known.set(slot, rates.rate(slot));
        changed++;
      }
      const anew = naiveRates(links, [...uses.values()]);
      let worst = 0;
      for (const [i, slot] of [...uses.keys()].entries()) {
        if (known.get(slot) !== rates.rate(slot)) expect(known.get(slot), `told of slot ${slot}`).toBe(rates.rate(slot));
        worst = Math.max(worst, Math.abs(rates.rate(slot) / anew[i] - 1));
      }
      expect(worst).toBeLessThan(1e-12);
      if (burst % 10 === 9) {
        const all = [...uses.keys()];
        expectFair(
          [...uses.values()],
          (i) => rates.rate(all[i]),
          (i) => rates.bottleneck(all[i]),
          links,
        );
      }
    }
    return { changed, rates };
  }

  test.each([
    ['many links', 4000, 6],
    ['few links', 60, 4],
    ['hardly any', 12, 3],
  ])('%s: after any change, rates are those of filling anew, and what changed is told', (_, links, most) => {
    let solved = 0;
    let anew = 0;
    fc.assert(
      fc.property(
        fc.array(fc.array(anyUse(links, most), { minLength: 1, maxLength: 3 }), { minLength: 80, maxLength: 120 }),
        fc.array(anyUse(links, most), { minLength: 150, maxLength: 200 }),
        (bursts, first) => {
          const { changed, rates } = expectSameAsAnew(links, first.length, [first, ...bursts]);
          expect(changed).toBeGreaterThan(first.length);
          solved += rates.solved();
          anew += first.length * (bursts.length + 1);
        },
      ),
      // Cases are so large that looking for a smaller one would take minutes.
      { numRuns: 2, seed: 43, endOnFailure: true },
    );
    // Where links are many, a change concerns few.
    if (links === 4000) expect(solved).toBeLessThan(anew / 4);
  });

  test('a transfer that comes and goes before anything is solved leaves no trace', () => {
    const rates = createFairRates(LINKS);
    const stays = rates.add(use([0, 1]));
    rates.solve();
    rates.remove(rates.add(use([0, 1])));
    expect(rates.solve()).toEqual([]);
    expect(rates.rate(stays)).toBe(1);
  });
});
