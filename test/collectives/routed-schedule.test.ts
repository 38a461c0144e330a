import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type CollectiveRequest, membersBySlice, possibleRoutings, type Schedule } from '../../src/collectives/index.ts';
import { allDevices, grid } from './grids.ts';
import { anyWires } from './wires-of-all-sorts.ts';

const numbers = fc.array(fc.integer({ min: 0, max: 1 << 20 }), { minLength: 5, maxLength: 30 });

/** Small enough for all pairs one after the other. */
const wires = anyWires.filter(({ devices }) => devices < 80);

function scheduleOf(kind: 'all-to-all' | 'permute', request: CollectiveRequest): Schedule {
  return COLLECTIVES[kind].schedule(request);
}

/** Follows every message from chip to chip; adds what it carries. */
function walk({ topology }: CollectiveRequest, { messages, routes }: Schedule): Float64Array {
  const { links, devicesPerChip } = topology;
  const loads = new Float64Array(links.count);
  for (let m = 0; m < messages.count; m++) {
    let at = Math.floor(messages.from[m] / devicesPerChip);
    for (let i = routes.offsets[messages.route[m]]; i < routes.offsets[messages.route[m] + 1]; i++) {
      const row = routes.links[i];
      if (links.from[row] !== at) throw new Error(`message ${m} jumps from chip ${at} to ${links.from[row]}`);
      at = links.to[row];
      loads[row] += messages.bytes[m];
    }
    if (at !== Math.floor(messages.to[m] / devicesPerChip)) throw new Error(`message ${m} ends at chip ${at}`);
  }
  return loads;
}

describe.each(['all-to-all', 'permute'] as const)('%s', (kind) => {
  test('messages carry over every link what the plan says, and to every member what it is sent', () => {
    let looked = 0;
    fc.assert(
      fc.property(wires, numbers, fc.boolean(), (topology, from, isUniform) => {
        const devices = allDevices(topology);
        const members = devices.length;
        const traffic = Float64Array.from({ length: members * members }, (_, i) => from[(i * 7919) % from.length]);
        const targets = Uint32Array.from({ length: members }, (_, i) => from[i % from.length] % members);
        const base = { topology, devices, bytes: 1e6 };
        const asked = isUniform ? base : kind === 'permute' ? { ...base, targets } : { ...base, traffic };
        for (const routing of possibleRoutings(membersBySlice(topology, devices))) {
          const request = { ...asked, routing };
          const schedule = scheduleOf(kind, request);
          const loads = walk(request, schedule);
          const planned = new Float64Array(loads.length);
          for (const { links, bytes } of COLLECTIVES[kind].plan(request).phases)
            for (const [i, row] of links.entries()) planned[row] += bytes[i];
          const wrong = [...loads.keys()].filter((row) => !(Math.abs(loads[row] - planned[row]) <= 1e-9 * planned[row]));
          expect(wrong, routing).toEqual([]);
          expectDelivered(schedule, members, (source, target) => {
            if (kind === 'permute') return (isUniform ? (source + 1) % members : targets[source]) === target ? 1e6 : 0;
            return isUniform ? 1e6 / members : traffic[source * members + target];
          });
          looked += schedule.messages.count;
        }
      }),
      { numRuns: 60, seed: 61 },
    );
    expect(looked).toBeGreaterThan(500);
  });
});

/** Members are all devices, in their order. */
function expectDelivered({ pieces, messages }: Schedule, members: number, wanted: (source: number, target: number) => number): void {
  const arrived = new Float64Array(members * members);
  const odd: number[] = [];
  for (let m = 0; m < messages.count; m++) {
    const piece = messages.pieces[messages.pieceOffsets[m]];
    const isWhole = messages.pieceOffsets[m + 1] - messages.pieceOffsets[m] === 1 && pieces.bytes[piece] === messages.bytes[m];
    if (!isWhole || pieces.source[piece] !== messages.from[m] || pieces.target[piece] !== messages.to[m]) odd.push(m);
    arrived[messages.from[m] * members + messages.to[m]] += messages.bytes[m];
  }
  expect(odd).toEqual([]);
  const wrong = [...arrived.keys()].filter((i) => {
    const [source, target] = [Math.floor(i / members), i % members];
    const asked = source === target ? 0 : wanted(source, target);
    return !(Math.abs(arrived[i] - asked) <= 1e-9 * asked);
  });
  expect(wrong).toEqual([]);
}

test('orders of the dimensions: as many ways as orders, twice as many where a ring is half-way round', () => {
  const topology = grid([4, 5, 6], true);
  const ways = (target: number, routing: 'dimension-ordered' | 'all-orders') => {
    const traffic = new Float64Array(topology.devices ** 2);
    traffic[target] = 1;
    return scheduleOf('all-to-all', { topology, devices: allDevices(topology), bytes: 0, traffic, routing }).messages.count;
  };
  expect(ways(1, 'all-orders')).toBe(1);
  expect(ways(1 + 4 + 20, 'all-orders')).toBe(6);
  expect(ways(1 + 4 + 20, 'dimension-ordered')).toBe(1);
  expect(ways(2 + 4 + 3 * 20, 'dimension-ordered')).toBe(4);
  expect(ways(2 + 4 + 3 * 20, 'all-orders')).toBe(24);
});

test('balanced ways are few where shortest ways are many', () => {
  const topology = grid([8, 8, 8], true);
  const traffic = new Float64Array(512 * 512);
  traffic[4 + 4 * 8 + 4 * 64] = 1;
  const request = { topology, devices: allDevices(topology), bytes: 0, traffic, routing: 'balanced' } as const;
  const { messages, routes } = scheduleOf('all-to-all', request);
  // 12! / (4! 4! 4!) orders of hops in each of 8 octants are 277,200 shortest ways.
  expect(messages.count).toBeGreaterThan(100);
  expect(messages.count).toBeLessThanOrEqual(topology.links.count);
  expect(routes.links.length).toBe(12 * messages.count);
  expect(messages.bytes.reduce((sum, bytes) => sum + bytes, 0)).toBeCloseTo(1, 12);
});

test('a schedule of more messages than can be kept is refused before it is made', () => {
  const topology = grid([16, 16, 16], true);
  const request = { topology, devices: allDevices(topology), bytes: 1 };
  expect(() => scheduleOf('all-to-all', request)).toThrow(/E_SCHEDULE_SIZE network: 16773120 messages .* use the fluid network/);
  const traffic = new Float64Array(4096 * 4096).fill(1);
  expect(() => scheduleOf('all-to-all', { ...request, traffic })).toThrow(/E_SCHEDULE_SIZE network: 16773120 messages/);
  expect(scheduleOf('permute', request).messages.count).toBeGreaterThan(4096);
});
