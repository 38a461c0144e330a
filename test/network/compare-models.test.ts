import { expect, test } from 'vitest';
import { fluidAgainstHop, mixOf } from '../../src/network/compare-models.ts';

const spec = { seed: 1, mixes: 200, chunkBytes: 2 ** 16 };

/** The fluid serves all at once what `hop` serves in turns, and lets links go when the last byte has left its sender. */
test('200 mixes of transfers that meet on links: fluid and hop are within 5 % of each other, 19 times out of 20', () => {
  const { transfers, mixes } = fluidAgainstHop(spec);
  expect(mixes.count).toBe(200);
  expect(transfers.count).toBeGreaterThan(3000);
  expect(transfers.median).toBeLessThan(0.001);
  expect(transfers.p95).toBeLessThan(0.05);
  expect(mixes.p95).toBeLessThan(0.02);
  // Single transfers may be as far apart as the windows that fill up before a link is shared, and small ones feel that most.
  expect(transfers.max).toBeLessThan(0.25);
});

test('finer chunks leave them as close', () => {
  const { transfers } = fluidAgainstHop({ ...spec, mixes: 40, chunkBytes: 2 ** 14 });
  expect(transfers.p95).toBeLessThan(0.05);
});

test('mixes are mixed: many sizes, starts and routes, and most transfers meet another', () => {
  let together = 0;
  let all = 0;
  for (let mix = 0; mix < spec.mixes; mix++) {
    const { topology, jobs, starts } = mixOf(spec, mix);
    expect(jobs.length).toBeGreaterThanOrEqual(2);
    expect(jobs.length).toBeLessThanOrEqual(40);
    const users = new Int32Array(topology.links.count);
    for (const { plan } of jobs) for (const link of plan.phases[0].links) users[link]++;
    for (const { plan } of jobs) {
      expect(plan.phases[0].bytes[0]).toBeGreaterThanOrEqual(64 * spec.chunkBytes);
      if (plan.phases[0].links.some((link) => users[link] > 1)) together++;
    }
    all += jobs.length;
    expect(Math.max(...starts)).toBeLessThan(1e-3);
  }
  expect(together / all).toBeGreaterThan(0.5);
});
