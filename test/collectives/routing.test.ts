import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COLLECTIVES,
  type CollectiveRequest,
  membersBySlice,
  planSeconds,
  possibleRoutings,
  type Routing,
} from '../../src/collectives/index.ts';
import { LinkKind, type Topology, twistOf } from '../../src/hardware/index.ts';
import { allDevices, grid } from './grids.ts';
import { anyWires, brokenWires, HOSTS, hopsBetween, slicedWires, twistedWires } from './wires-of-all-sorts.ts';

const { plan } = COLLECTIVES['all-to-all'];
const numbers = fc.array(fc.integer({ min: 0, max: 1 << 20 }), { minLength: 5, maxLength: 30 });

const matrixOf = (members: number, from: readonly number[]): Float64Array =>
  Float64Array.from({ length: members * members }, (_, i) => from[(i * 7919) % from.length]);

function loadsOf(request: CollectiveRequest, kind: 'all-to-all' | 'permute' = 'all-to-all'): Float64Array {
  const loads = new Float64Array(request.topology.links.count);
  for (const { links, bytes } of COLLECTIVES[kind].plan(request).phases) for (const [i, link] of links.entries()) loads[link] += bytes[i];
  return loads;
}

function expectLoads(loads: Float64Array, wanted: Float64Array): void {
  for (let link = 0; link < wanted.length; link++) {
    expect(Math.abs(loads[link] - wanted[link]), `link ${link}`).toBeLessThanOrEqual(1e-9 * wanted[link]);
  }
}

/** Every pair of a slice on its own, hop by hop: equal parts over the links that come nearer. */
function everyHopSplit(topology: Topology, devices: Uint32Array, traffic: Float64Array): Float64Array {
  const { links, devicesPerChip } = topology;
  const loads = new Float64Array(links.count);
  const hops = hopsBetween(topology);
  const chipOf = (member: number) => Math.floor(devices[member] / devicesPerChip);
  const send = (chip: number, to: number, bytes: number): void => {
    const nearer: number[] = [];
    for (let row = 0; row < links.count; row++) {
      if (links.kind[row] === LinkKind.ici && links.from[row] === chip && hops[links.to[row]][to] === hops[chip][to] - 1) nearer.push(row);
    }
    for (const row of nearer) {
      loads[row] += bytes / nearer.length;
      send(links.to[row], to, bytes / nearer.length);
    }
  };
  traffic.forEach((bytes, i) => {
    const [from, to] = [chipOf(Math.floor(i / devices.length)), chipOf(i % devices.length)];
    if (from !== to && hops[from][to] < Infinity) send(from, to, bytes);
  });
  return loads;
}

describe('balanced', () => {
  test.each([
    ['broken links', brokenWires],
    ['twists', twistedWires.filter(({ chips }) => chips < 40)],
  ])('over wires with %s, every hop of every pair is split evenly', (_name, wires) => {
    fc.assert(
      fc.property(wires, numbers, (topology, from) => {
        const devices = allDevices(topology);
        const traffic = matrixOf(devices.length, from);
        expectLoads(loadsOf({ topology, devices, bytes: 0, traffic }), everyHopSplit(topology, devices, traffic));
      }),
      { numRuns: 25, seed: 41 },
    );
  });

  test('uniform traffic is the matrix of equal entries', () => {
    fc.assert(
      fc.property(anyWires, (topology) => {
        const devices = allDevices(topology);
        const traffic = new Float64Array(devices.length ** 2).fill(1000);
        const routing = 'balanced';
        expectLoads(
          loadsOf({ topology, devices, bytes: 1000 * devices.length, routing }),
          loadsOf({ topology, devices, bytes: 0, traffic, routing }),
        );
      }),
      { numRuns: 60, seed: 42 },
    );
  });

  test('a group that is no grid has no other routing', () => {
    const topology = grid([4, 4], true);
    const devices = Uint32Array.from([0, 1, 4]);
    expect(possibleRoutings(membersBySlice(topology, devices))).toEqual(['balanced']);
    expectLoads(loadsOf({ topology, devices, bytes: 3000 }), everyHopSplit(topology, devices, new Float64Array(9).fill(1000)));
  });
});

describe('every routing over every wires', () => {
  test('link loads within slices add up to traffic times hops', () => {
    let looked = 0;
    fc.assert(
      fc.property(anyWires, numbers, (topology, from) => {
        const devices = allDevices(topology);
        const traffic = matrixOf(devices.length, from);
        const hops = hopsBetween(topology);
        let wanted = 0;
        traffic.forEach((bytes, i) => {
          const chips = [Math.floor(i / devices.length), i % devices.length].map((member) => Math.floor(member / topology.devicesPerChip));
          const away = hops[chips[0]][chips[1]];
          if (away < Infinity) wanted += bytes * away;
        });
        for (const routing of possibleRoutings(membersBySlice(topology, devices))) {
          const loads = loadsOf({ topology, devices, bytes: 0, traffic, routing });
          const sum = loads.reduce((total, load, link) => total + (topology.links.kind[link] === LinkKind.ici ? load : 0), 0);
          expect(Math.abs(sum - wanted)).toBeLessThanOrEqual(1e-12 * wanted);
          looked++;
        }
      }),
      { numRuns: 80, seed: 43 },
    );
    expect(looked).toBeGreaterThan(80);
  });

  test('the latency is that of the longest way with traffic', () => {
    fc.assert(
      fc.property(anyWires, fc.nat(), fc.nat(), (topology, a, b) => {
        const devices = allDevices(topology);
        const [from, to] = [a % devices.length, b % devices.length];
        const traffic = new Float64Array(devices.length ** 2);
        traffic[from * devices.length + to] = 1;
        const away = hopsBetween(topology)[Math.floor(from / topology.devicesPerChip)][Math.floor(to / topology.devicesPerChip)];
        const wanted = away === Infinity ? HOSTS.latencySeconds : away * topology.hopLatencySeconds;
        for (const routing of possibleRoutings(membersBySlice(topology, devices))) {
          const [phase] = plan({ topology, devices, bytes: 0, traffic, routing }).phases;
          expect(phase.latencySeconds).toBeCloseTo(wanted, 15);
        }
      }),
      { numRuns: 60, seed: 44 },
    );
  });
});

describe('dimension-ordered', () => {
  test('x before y before z', () => {
    const topology = grid([3, 3, 3], false);
    const traffic = new Float64Array(27 * 27);
    traffic[0 * 27 + 26] = 7;
    const loads = loadsOf({ topology, devices: allDevices(topology), bytes: 0, traffic, routing: 'dimension-ordered' });
    const used = [...loads.keys()].filter((link) => loads[link] > 0);
    expect(used.map((link) => [topology.links.from[link], topology.links.to[link]])).toEqual([
      [0, 1],
      [1, 2],
      [2, 5],
      [5, 8],
      [8, 17],
      [17, 26],
    ]);
    expect(used.every((link) => loads[link] === 7)).toBe(true);
  });

  test('is the same as all orders where there is one dimension, and is not where a chip is hot', () => {
    const ring = grid([6], true);
    const traffic = matrixOf(6, [3, 1, 4, 1, 5]);
    const request = { topology: ring, devices: allDevices(ring), bytes: 0, traffic };
    expectLoads(loadsOf({ ...request, routing: 'dimension-ordered' }), loadsOf({ ...request, routing: 'all-orders' }));
    const topology = grid([4, 4, 4], true);
    const hot = Float64Array.from({ length: 64 * 64 }, (_, i) => (i % 64 === 5 ? 1e6 : 0));
    const seconds = (routing: Routing) =>
      planSeconds(plan({ topology, devices: allDevices(topology), bytes: 0, traffic: hot, routing }), topology);
    expect(seconds('dimension-ordered') / seconds('all-orders')).toBeGreaterThan(2);
  });
});

test.each<[string, Topology, Uint32Array | null]>([
  ['a twist', grid([4, 4, 8], true, { twist: twistOf([4, 4, 8]) ?? undefined }), null],
  ['a broken link', grid([4, 4], true, { brokenLinks: [[0, 1]] }), null],
  ['members that are no grid', grid([4, 4], true), Uint32Array.of(0, 1, 4)],
])('%s refuses orders of the dimensions', (_name, topology, some) => {
  const devices = some ?? allDevices(topology);
  const refused: Routing[] = ['dimension-ordered', 'all-orders'];
  for (const routing of refused) expect(() => plan({ topology, devices, bytes: 1, routing })).toThrow(/E_ROUTING routing: .* use balanced/);
  expect(() => plan({ topology, devices, bytes: 1 })).not.toThrow();
});

test('a slow link changes no route', () => {
  const slow = grid([4, 4], true, { slowLinks: [{ between: [0, 1], factor: 4 }] });
  const devices = allDevices(slow);
  const whole = grid([4, 4], true);
  expect(loadsOf({ topology: slow, devices, bytes: 1e6 })).toEqual(loadsOf({ topology: whole, devices, bytes: 1e6 }));
});

describe('twisted tori', () => {
  // Ratios of the vectors and of the published shapes: all-to-all on the plain torus over the same on the twisted one.
  test.each([
    [[4, 4, 8], 128 / (440 / 6), 6],
    [[4, 8, 8], 256 / (1104 / 6), 6],
    [[8, 16, 16], 4096 / (17856 / 6), 12],
  ])('%j: every link carries the same, and an all-to-all gains %d', (shape, gain, diameter) => {
    const [plain, twisted] = [grid(shape, true), grid(shape, true, { twist: twistOf(shape) ?? undefined })];
    const devices = allDevices(plain);
    const loads = [plain, twisted].map((topology) => loadsOf({ topology, devices, bytes: devices.length }));
    const busiest = loads.map((some) => some.reduce((most, load) => Math.max(most, load), 0));
    expect(Math.abs(busiest[0] / busiest[1] / gain - 1)).toBeLessThan(1e-12);
    expect(Math.abs(loads[1].reduce((least, load) => Math.min(least, load), Infinity) / busiest[1] - 1)).toBeLessThan(1e-12);
    expect(plan({ topology: twisted, devices, bytes: 1 }).phases[0].latencySeconds).toBe(diameter * twisted.hopLatencySeconds);
  });
});

describe('several slices', () => {
  test('bytes between slices pass the PCIe link and the card of both hosts, once', () => {
    fc.assert(
      fc.property(slicedWires, numbers, (topology, from) => {
        const devices = allDevices(topology);
        const traffic = matrixOf(devices.length, from);
        const sliceOf = (member: number) => Math.floor((member * topology.slices) / devices.length);
        const between = traffic.reduce(
          (sum, bytes, i) => sum + (sliceOf(Math.floor(i / devices.length)) === sliceOf(i % devices.length) ? 0 : bytes),
          0,
        );
        const loads = loadsOf({ topology, devices, bytes: 0, traffic });
        for (const kind of [LinkKind.pcie, LinkKind.nic]) {
          for (const direction of [1, -1]) {
            const sum = loads.reduce(
              (total, load, link) =>
                total + (topology.links.kind[link] === kind && topology.links.direction[link] === direction ? load : 0),
              0,
            );
            expect(Math.abs(sum - between)).toBeLessThanOrEqual(1e-12 * between);
          }
        }
      }),
      { numRuns: 40, seed: 45 },
    );
  });
});

test('a broken link is the matter of groups whose ways may pass it', () => {
  const topology = grid([4, 8], true, { brokenLinks: [[0, 1]] });
  const rows = [0, 1].map((row) => Uint32Array.from({ length: 4 }, (_, i) => row * 4 + i));
  const possible = rows.map((devices) => possibleRoutings(membersBySlice(topology, devices)));
  expect(possible.map((routings) => routings.length)).toEqual([1, 3]);
  // Four of eight round a ring never go the other way, so what is broken beyond them does not matter.
  const column = Uint32Array.of(0, 4, 8);
  const beyond = grid([4, 8], true, { brokenLinks: [[20, 24]] });
  expect(possibleRoutings(membersBySlice(beyond, column))).toHaveLength(3);
  expectLoads(
    loadsOf({ topology: beyond, devices: column, bytes: 300 }),
    loadsOf({ topology: beyond, devices: column, bytes: 300, routing: 'balanced' }),
  );
});
