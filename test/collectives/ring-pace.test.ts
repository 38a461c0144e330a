import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { passSeconds } from '../../src/collectives/ring-pace.ts';
import { buildTopology, linkFrom } from '../../src/hardware/index.ts';

/** Chips in a row whose forward links have these speeds; the last one closes the ring where there is one. */
function row(speeds: readonly number[], ring: boolean) {
  const chips = ring ? speeds.length : speeds.length + 1;
  const topology = buildTopology(
    { shape: [chips], wrap: [ring], devicesPerChip: 1, linkBytesPerSecond: 1, hopLatencySeconds: 0, localBytesPerSecond: 1 },
    'row',
    'none',
  );
  const hops = Uint32Array.from(speeds, (_, chip) => linkFrom(topology, chip, 0, 1));
  const bytesPerSecond = topology.links.bytesPerSecond.slice();
  for (const [i, link] of hops.entries()) bytesPerSecond[link] = speeds[i];
  return { hops, topology: { ...topology, links: { ...topology.links, bytesPerSecond } } };
}

/** Block by block: block k leaves hop j after block k - 1, and a latency after it left hop j - 1. */
function blockByBlock(seconds: readonly number[], blocksOf: (hop: number) => number, latency: number, part: number): number {
  const rounds = Math.max(...seconds.map((_, hop) => blocksOf(hop)));
  let before = seconds.map(() => 0);
  let free = seconds.map(() => 0);
  let last = 0;
  for (let step = 1; step <= rounds; step++) {
    const arrived = before;
    const ends = seconds.map((one, hop) => {
      if (step > blocksOf(hop)) return free[hop];
      const came = step === 1 ? 0 : arrived[(hop - 1 + seconds.length) % seconds.length];
      const end = Math.max(free[hop], came) + (step === rounds ? part : 1) * one;
      last = Math.max(last, end + latency);
      return end;
    });
    free = ends;
    before = ends.map((end) => end + latency);
  }
  return last;
}

const speeds = (least: number) => fc.array(fc.integer({ min: 20, max: 100 }), { minLength: least, maxLength: 12 });
const latency = fc.integer({ min: 0, max: 40 }).map((n) => n / 1000);

test('a ring in lock-step takes as long as its blocks one by one', () => {
  let paced = 0;
  fc.assert(
    fc.property(speeds(2), latency, fc.boolean(), (each, hopLatency, isGather) => {
      const { hops, topology } = row(each, true);
      // Half-way round by blocks from either side, the last one halved on an even ring; or all the way round one side.
      const steps = isGather ? (each.length - 1) / 2 : each.length - 1;
      const rounds = Math.ceil(steps);
      const seconds = passSeconds({ hops, steps, stepBytes: 1 }, rounds * hopLatency, topology);
      const exact = blockByBlock(
        each.map((speed) => 1 / speed),
        () => rounds,
        hopLatency,
        steps - (rounds - 1),
      );
      expect(seconds).toBeCloseTo(exact, 12);
      // Never above what adds up the slowest link and all latencies.
      const added = steps / Math.min(...each) + rounds * hopLatency;
      expect(seconds).toBeLessThan(added + 1e-12);
      if (seconds < added - 1e-9) paced++;
    }),
    { numRuns: 300, seed: 71 },
  );
  expect(paced).toBeGreaterThan(100);
});

test('so does a line, whose hops have more blocks the further they are from its end', () => {
  fc.assert(
    fc.property(speeds(2), latency, (each, hopLatency) => {
      const { hops, topology } = row(each, false);
      const seconds = passSeconds({ hops, steps: each.length, stepBytes: 1 }, each.length * hopLatency, topology);
      const exact = blockByBlock(
        each.map((speed) => 1 / speed),
        (hop) => hop + 1,
        hopLatency,
        1,
      );
      expect(seconds).toBeCloseTo(exact, 12);
    }),
    { numRuns: 300, seed: 72 },
  );
});

test('equal links: steps times one of them and the latency, to the bit', () => {
  for (const steps of [3.5, 4]) {
    const { hops, topology } = row(new Array(8).fill(45e9), true);
    expect(passSeconds({ hops, steps, stepBytes: 1e6 }, 4e-6, topology)).toBe(steps * (1e6 / 45e9) + 4e-6);
  }
});
