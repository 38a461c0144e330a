import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type Collective, exchangeSeconds, planSeconds, transferSeconds } from '../../src/collectives/index.ts';
import type { Topology } from '../../src/hardware/index.ts';
import { slicesOf, twistedWires, wires } from './cases.ts';

const GATHERING = ['all-gather', 'reduce-scatter', 'all-reduce', 'broadcast'] as const;
const V = 1e9;

const everyone = (topology: Topology) => Uint32Array.from({ length: topology.devices }, (_, device) => device);
const collectiveOf = (kind: (typeof GATHERING)[number]): Collective => COLLECTIVES[kind];

/** Times of the wires alone, of plan and lower bound. */
function bandwidthTerms(kind: (typeof GATHERING)[number], topology: Topology): { plan: number; bound: number } {
  const request = { topology, devices: everyone(topology), bytes: V };
  const { phases } = collectiveOf(kind).plan(request);
  const bound = collectiveOf(kind).lowerBoundSeconds(request);
  return { plan: phases.reduce((sum, phase) => sum + transferSeconds(phase, topology), 0), bound };
}

const shapes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });

describe('idle tori', () => {
  test.each(['all-gather', 'reduce-scatter', 'all-reduce'] as const)('%s is as quick as the wires allow, whatever the sides', (kind) => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { plan, bound } = bandwidthTerms(kind, wires(shape, true));
        expect(Math.abs(plan - bound)).toBeLessThanOrEqual(1e-9 * bound);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test.each([[[2, 4]], [[2, 2, 4]], [[4, 4, 8]], [[4, 8, 8]], [[8, 8, 16]]])(
    'twisted %j: all links carry the same, which is the least that they can',
    (shape) => {
      const topology = twistedWires(shape);
      for (const kind of ['all-gather', 'reduce-scatter', 'all-reduce'] as const) {
        const { plan, bound } = bandwidthTerms(kind, topology);
        expect(Math.abs(plan / bound - 1)).toBeLessThan(1e-9);
        for (const { links } of collectiveOf(kind).plan({ topology, devices: everyone(topology), bytes: V }).phases) {
          expect(links.length).toBe(topology.links.count);
        }
      }
    },
  );

  test.each([
    ['plain', [8]],
    ['plain', [2, 2]],
    ['plain', [4, 4]],
    ['plain', [4, 8]],
    ['plain', [8, 16]],
    ['plain', [2, 3, 5]],
    ['plain', [4, 4, 4]],
    ['plain', [4, 4, 8]],
    ['plain', [8, 8, 8]],
    ['plain', [16, 16, 16]],
    ['twisted', [4, 8]],
    ['twisted', [4, 4, 8]],
    ['twisted', [4, 8, 8]],
  ])('broadcast over %s %j: every chip takes in equal parts over all its links, from any root', (kind, shape) => {
    const topology = kind === 'twisted' ? twistedWires(shape) : wires(shape, true);
    for (const root of [0, topology.devices - 1]) {
      const request = { topology, devices: everyone(topology), bytes: V, root };
      const [phase] = COLLECTIVES.broadcast.plan(request).phases;
      const bound = COLLECTIVES.broadcast.lowerBoundSeconds(request);
      expect(Math.abs(transferSeconds(phase, topology) / bound - 1)).toBeLessThan(1e-9);
      // Nothing goes back into the root.
      expect(phase.links.length).toBe(topology.links.count - 2 * shape.length);
    }
  });
});

describe('wires that are not as they should be', () => {
  const damaged = fc.record({
    shape: fc.constantFrom([5], [6], [3, 4], [4, 4], [2, 3, 4]),
    wrap: fc.boolean(),
    row: fc.nat(),
    factor: fc.constantFrom(0, 1.5, 10),
  });

  test.each(GATHERING)('%s: no time is saved by a wire that is slow or broken', (kind) => {
    let broken = 0;
    fc.assert(
      fc.property(damaged, ({ shape, wrap, row, factor }) => {
        const whole = wires(shape, wrap);
        const link = row % whole.links.count;
        const pair = [whole.links.from[link], whole.links.to[link]] as const;
        // A line has no other way.
        if (factor === 0 && !wrap && shape.length === 1) return;
        if (factor === 0) broken++;
        const topology = wires(shape, wrap, factor === 0 ? { brokenLinks: [pair] } : { slowLinks: [{ between: pair, factor }] });
        const seconds = (on: Topology) => planSeconds(collectiveOf(kind).plan({ topology: on, devices: everyone(on), bytes: V }), on);
        expect(seconds(topology)).toBeGreaterThanOrEqual(seconds(whole) * (1 - 1e-12));
      }),
      { seed: 2, numRuns: 150 },
    );
    expect(broken).toBeGreaterThan(20);
  });

  describe('a broadcast of few bytes, where depth counts', () => {
    /** Hops of latency by which a broken wire ends it sooner, from a root and with bytes that are worth from 0.1 to 40 hops. */
    const hopsSaved = (shape: readonly number[], wrap: boolean, row: number, root: number, bytes: number): number => {
      const whole = wires(shape, wrap);
      const link = row % whole.links.count;
      const broken = wires(shape, wrap, { brokenLinks: [[whole.links.from[link], whole.links.to[link]]] });
      const [before, after] = [whole, broken].map((on) => {
        const request = { topology: on, devices: everyone(on), bytes, root: root % on.devices };
        return planSeconds(COLLECTIVES.broadcast.plan(request), on);
      });
      return (before - after) / whole.hopLatencySeconds;
    };
    const bytes = fc.integer({ min: 1, max: 400 }).map((tenths) => tenths * 4500);

    test('no time is saved by a broken wire of a ring', () => {
      let lost = 0;
      fc.assert(
        fc.property(fc.integer({ min: 3, max: 20 }), fc.nat(), fc.nat(), bytes, (side, row, root, size) => {
          const saved = hopsSaved([side], true, row, root, size);
          expect(saved).toBeLessThanOrEqual(1e-9);
          if (saved < -1e-9) lost++;
        }),
        { seed: 4, numRuns: 500 },
      );
      expect(lost).toBeGreaterThan(100);
    });

    test('over a grid, trees that are found without a wire are shallower by two hops at most', () => {
      const shapes = fc.constantFrom([3, 4], [4, 4], [4, 6], [2, 3, 4], [3, 3, 3], [2, 2, 2]);
      let sooner = 0;
      fc.assert(
        fc.property(shapes, fc.boolean(), fc.nat(), fc.nat(), bytes, (shape, wrap, row, root, size) => {
          const saved = hopsSaved(shape, wrap, row, root, size);
          expect(saved).toBeLessThanOrEqual(2 + 1e-9);
          if (saved > 1e-9) sooner++;
        }),
        { seed: 5, numRuns: 1000 },
      );
      expect(sooner).toBeLessThan(20);
    });
  });

  test.each(GATHERING)('%s: the bound of a row of a torus is that of the row, whatever is slow or broken beside it', (kind) => {
    const row = Uint32Array.from([4, 5, 6, 7]);
    const bound = (topology: Topology) => collectiveOf(kind).lowerBoundSeconds({ topology, devices: row, bytes: V });
    const whole = bound(wires([4, 4], true));
    for (const pair of [
      [1, 2],
      [1, 5],
      [5, 9],
      [0, 12],
    ] as const) {
      expect(bound(wires([4, 4], true, { brokenLinks: [pair] })), `${pair} broken`).toBe(whole);
      expect(bound(wires([4, 4], true, { slowLinks: [{ between: pair, factor: 3 }] })), `${pair} slow`).toBe(whole);
    }
    // Round a wire of its own it may go over the whole slice.
    expect(bound(wires([4, 4], true, { brokenLinks: [[5, 6]] }))).toBeLessThan(whole);
  });

  test('a ring with a missing wire is a line that starts behind it', () => {
    const ring = wires([8], true, { brokenLinks: [[2, 3]] });
    const { phases } = COLLECTIVES['all-gather'].plan({ topology: ring, devices: everyone(ring), bytes: V });
    expect(transferSeconds(phases[0], ring)).toBeCloseTo((V * 7) / 8 / 45e9, 12);
    expect(phases[0].passes?.map(({ hops }) => Array.from(hops, (link) => ring.links.from[link]))).toEqual([
      [3, 4, 5, 6, 7, 0, 1],
      [2, 1, 0, 7, 6, 5, 4],
    ]);
  });

  test('rings and lines say how they run in lock-step where links differ, and only there', () => {
    const slow = wires([6], true, { slowLinks: [{ between: [0, 5], factor: 2 }] });
    const [phase] = COLLECTIVES['reduce-scatter'].plan({ topology: slow, devices: everyone(slow), bytes: V }).phases;
    expect(phase.passes?.map(({ steps, stepBytes, hops }) => [steps, stepBytes, hops.length])).toEqual([
      [2.5, V / 6, 6],
      [2.5, V / 6, 6],
    ]);
    for (const { hops, steps, stepBytes } of phase.passes ?? []) {
      for (const link of hops) expect(phase.bytes[phase.links.indexOf(link)]).toBeCloseTo(steps * stepBytes, 3);
    }
    const even = wires([6], true);
    expect(COLLECTIVES['all-gather'].plan({ topology: even, devices: everyone(even), bytes: V }).phases[0].passes).toBeUndefined();
  });
});

describe('several slices', () => {
  const host = { pcieBytesPerSecond: 16e9, nicBytesPerSecond: 25e9, latencySeconds: 1e-5, chipsPerHost: 4 };

  test.each([2, 3, 4])('%i slices: an all-reduce is that of one slice, and an exchange of shards over all hosts', (slices) => {
    const topology = slicesOf(slices, [4, 4], true);
    const one = wires([4, 4], true);
    const seconds = (on: Topology) => planSeconds(COLLECTIVES['all-reduce'].plan({ topology: on, devices: everyone(on), bytes: V }), on);
    expect(seconds(topology)).toBeCloseTo(seconds(one) + exchangeSeconds(slices, 16, host, V), 12);
  });

  test('phases come in order: within the slice, over hosts and the network, within the slice', () => {
    const topology = slicesOf(2, [4, 4], true);
    const { phases } = COLLECTIVES['all-reduce'].plan({ topology, devices: everyone(topology), bytes: V });
    const kinds = phases.map(({ links }) => [...new Set(Array.from(links, (link) => topology.links.kind[link]))].sort());
    expect(kinds).toEqual([[0], [1, 2], [1, 2], [0]]);
  });
});

test.each([
  ['all-reduce', [4096]],
  ['all-gather', [16, 24, 24]],
] as const)('%s over %j is refused as messages before memory is asked for', (kind, shape) => {
  const topology = wires(shape, true);
  expect(() => collectiveOf(kind).schedule({ topology, devices: everyone(topology), bytes: V })).toThrow(
    /E_SCHEDULE_SIZE network: \d+ messages or more .*use the fluid network/,
  );
});

test.each([
  ['all-gather', 0.75],
  ['reduce-scatter', 0.75],
  ['all-reduce', 1.5],
  ['broadcast', 1],
] as const)('%s: the bus moves %d of the bytes in the time of the operation, for 4 members', (kind, factor) => {
  expect(collectiveOf(kind).busFactor(4)).toBe(factor);
});
