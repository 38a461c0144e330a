import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type CollectiveRequest, membersBySlice, planSeconds, possibleRoutings } from '../../src/collectives/index.ts';
import { fullestArcSeconds } from '../../src/collectives/routing/bound/arc-cuts.ts';
import { type Topology, twistOf } from '../../src/hardware/index.ts';
import { allDevices, grid } from './grids.ts';
import { anyWires, HOSTS } from './wires-of-all-sorts.ts';

const numbers = fc.array(fc.integer({ min: 0, max: 1 << 20 }), { minLength: 5, maxLength: 30 });

/** The latency of idle wires left out. */
function seconds(kind: 'all-to-all' | 'permute', request: CollectiveRequest): number {
  const plan = COLLECTIVES[kind].plan(request);
  return planSeconds({ ...plan, phases: plan.phases.map((phase) => ({ ...phase, latencySeconds: 0 })) }, request.topology);
}

function bound(kind: 'all-to-all' | 'permute', request: CollectiveRequest): number {
  return COLLECTIVES[kind].lowerBoundSeconds(request);
}

/** Everybody, every second device, or the first so many: not all of them grids. */
function groupOf(topology: Topology, choice: number): Uint32Array {
  const devices = allDevices(topology);
  if (choice % 3 === 0) return devices;
  return choice % 3 === 1 ? devices.filter((device) => device % 2 === 0) : devices.subarray(0, 2 + (choice % (devices.length - 1)));
}

describe('no routing is faster than the bound', () => {
  test.each(['all-to-all', 'permute'] as const)('%s', (kind) => {
    let looked = 0;
    fc.assert(
      fc.property(anyWires, numbers, fc.nat(), fc.boolean(), (topology, from, choice, isUniform) => {
        const devices = groupOf(topology, choice);
        const members = devices.length;
        const traffic = Float64Array.from({ length: members * members }, (_, i) => from[(i * 7919) % from.length]);
        const targets = Uint32Array.from({ length: members }, (_, i) => from[i % from.length] % members);
        const base = { topology, devices, bytes: 1e6 };
        const request = isUniform ? base : kind === 'permute' ? { ...base, targets } : { ...base, traffic };
        const least = bound(kind, request);
        expect(least).toBeGreaterThanOrEqual(0);
        for (const routing of possibleRoutings(membersBySlice(topology, devices))) {
          expect(least, routing).toBeLessThanOrEqual(seconds(kind, { ...request, routing }) * (1 + 1e-9));
          looked++;
        }
      }),
      { numRuns: 150, seed: 51 },
    );
    expect(looked).toBeGreaterThan(150);
  });
});

describe('uniform traffic reaches the bound', () => {
  test.each<[string, Topology]>([
    ['ring of 8', grid([8], true)],
    ['ring of 7', grid([7], true)],
    ['line of 6', grid([6], false)],
    ['4x4x8', grid([4, 4, 8], true)],
    ['a mesh of 4x6', grid([4, 6], false)],
    ['4x4x4 with two devices per chip', grid([4, 4, 4], true, { devicesPerChip: 2 })],
    ['16x16x16', grid([16, 16, 16], true)],
  ])('over %s, by every routing but the balanced one, within 1e-12', (_name, topology) => {
    const request = { topology, devices: allDevices(topology), bytes: 1 << 20 };
    for (const routing of ['dimension-ordered', 'all-orders'] as const) {
      expect(Math.abs(seconds('all-to-all', { ...request, routing }) / bound('all-to-all', request) - 1)).toBeLessThan(1e-12);
    }
  });

  test.each([
    [[4, 8], 1],
    [[4, 4, 8], 1],
    [[4, 4, 8], 2],
    [[4, 8, 8], 1],
    [[8, 16, 16], 1],
  ])('over twisted %j with %i devices per chip', (shape, devicesPerChip) => {
    const topology = grid(shape, true, { devicesPerChip, twist: twistOf(shape) ?? undefined });
    const request = { topology, devices: allDevices(topology), bytes: 1 << 20 };
    expect(Math.abs(seconds('all-to-all', request) / bound('all-to-all', request) - 1)).toBeLessThan(1e-9);
  });

  test('over a row of a torus, whose other links it cannot use', () => {
    const topology = grid([4, 4, 4], true);
    const request = { topology, devices: Uint32Array.of(4, 5, 6, 7), bytes: 1 << 20 };
    expect(seconds('all-to-all', request) / bound('all-to-all', request)).toBeCloseTo(1, 12);
  });

  test('between slices, where network cards are the slowest', () => {
    const topology = grid([4, 4], true, { slices: 2, host: HOSTS });
    const request = { topology, devices: allDevices(topology), bytes: 1 << 20 };
    expect(seconds('all-to-all', request) / bound('all-to-all', request)).toBeCloseTo(1, 12);
  });
});

test('the bound of a matrix is that of the uniform traffic that it holds', () => {
  fc.assert(
    fc.property(anyWires, fc.nat(), (topology, choice) => {
      const devices = groupOf(topology, choice);
      const traffic = new Float64Array(devices.length ** 2).fill(1000);
      const uniform = bound('all-to-all', { topology, devices, bytes: 1000 * devices.length });
      const measured = bound('all-to-all', { topology, devices, bytes: 0, traffic });
      expect(Math.abs(uniform - measured)).toBeLessThanOrEqual(1e-12 * uniform);
    }),
    { numRuns: 60, seed: 52 },
  );
});

test('a hot chip is bound by its own links', () => {
  const topology = grid([4, 4, 4], true);
  const traffic = Float64Array.from({ length: 64 * 64 }, (_, i) => (i % 64 === 5 && i !== 5 * 65 ? 1e6 : 0));
  expect(bound('all-to-all', { topology, devices: allDevices(topology), bytes: 0, traffic })).toBeCloseTo((63 * 1e6) / (6 * 45e9), 15);
});

test('the fullest arc is that of a search over all arcs', () => {
  const entries = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 72, maxLength: 72 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), entries, (side, values) => {
      const traffic = Float64Array.from(values.slice(0, side * side));
      const bandwidth = Float64Array.from(values.slice(36, 36 + side * side), (value) => value + 1);
      let most = 0;
      for (let first = 0; first < side; first++) {
        for (let length = 1; length < side; length++) {
          const isIn = (at: number) => (at - first + side) % side < length;
          const leaving = (matrix: Float64Array) =>
            matrix.reduce((sum, entry, i) => sum + (isIn(Math.floor(i / side)) && !isIn(i % side) ? entry : 0), 0);
          most = Math.max(most, leaving(traffic) / leaving(bandwidth));
        }
      }
      expect(Math.abs(fullestArcSeconds(traffic, bandwidth, side) - most)).toBeLessThanOrEqual(1e-9 * most);
    }),
    { numRuns: 100, seed: 53 },
  );
});
