import { describe, expect, test } from 'vitest';
import { COLLECTIVES } from '../../src/collectives/index.ts';
import { chipAt, coordinatesOf, linkFrom } from '../../src/hardware/index.ts';
import { allDevices, grid } from './grids.ts';
import { allGatherMessages, type Message, reduceScatterMessages, stepsOf } from './line-messages.ts';

const SIZES = [2, 3, 4, 5, 6, 7, 8, 16];
/** Halves of a shard: bit 1 travels forwards, bit 2 backwards, when it is cut. */
const BOTH = 3;
const carried = (message: Message) => (message.share === 1 ? BOTH : message.direction === 1 ? 1 : 2);

function byStep(messages: readonly Message[]): Message[][] {
  return Array.from({ length: stepsOf(messages) }, (_, i) => messages.filter((message) => message.step === i + 1));
}

describe.each(SIZES)('%i members', (n) => {
  test.each([true, false])('all-gather, ring %s: nobody sends what it has not, everybody ends with everything', (ring) => {
    const held = Array.from({ length: n }, (_, member) => Array.from({ length: n }, (_, shard) => (shard === member ? BOTH : 0)));
    for (const step of byStep(allGatherMessages(n, ring))) {
      const before = held.map((row) => [...row]);
      for (const message of step) {
        expect(before[message.from][message.shard] & carried(message)).toBe(carried(message));
        expect(held[message.to][message.shard] & carried(message), 'sent twice').toBe(0);
        held[message.to][message.shard] |= carried(message);
      }
    }
    expect(held.every((row) => row.every((halves) => halves === BOTH))).toBe(true);
  });

  test.each([true, false])('reduce-scatter, ring %s: every owner ends with each contribution exactly once', (ring) => {
    // sums[member][shard][half]: which members' contributions the partial sum holds.
    const sums = Array.from({ length: n }, (_, member) => Array.from({ length: n }, () => [new Set([member]), new Set([member])]));
    for (const step of byStep(reduceScatterMessages(n, ring))) {
      const before = sums.map((row) => row.map((halves) => halves.map((sum) => new Set(sum))));
      for (const message of step) {
        // A partial sum runs the gather's way backwards, so the halves swap direction.
        const halves = message.share === 1 ? [0, 1] : message.direction === -1 ? [0] : [1];
        for (const half of halves) {
          for (const contribution of before[message.from][message.shard][half]) {
            const target = sums[message.to][message.shard][half];
            expect(target.has(contribution), `contribution ${contribution} added twice`).toBe(false);
            target.add(contribution);
          }
        }
      }
    }
    for (let owner = 0; owner < n; owner++) for (const half of [0, 1]) expect(sums[owner][owner][half].size).toBe(n);
  });

  test.each([true, false])('ring %s: a link carries at most one shard per step', (ring) => {
    for (const step of byStep(allGatherMessages(n, ring))) {
      const used = step.map((message) => `${message.from} ${message.direction}`);
      expect(new Set(used).size).toBe(used.length);
    }
  });
});

test('the schedules show what they looked at', () => {
  expect(allGatherMessages(16, true)).toHaveLength(16 * 16);
  expect(allGatherMessages(16, false)).toHaveLength(16 * 15);
});

describe.each([
  [[4, 4], true],
  [[3, 3], false],
  [[2, 2], false],
  [[5, 5], true],
])('all-gather over %j, wrap %s', (shape, wrap) => {
  const topology = grid(shape, wrap);
  const bytes = 1000 * topology.chips;
  const [phase, ...others] = COLLECTIVES['all-gather'].plan({ topology, devices: allDevices(topology), bytes }).phases;

  test('both halves of the array reach every chip, one along x then y, the other along y then x, with the bytes of the plan on every link', () => {
    expect(others).toEqual([]);
    const loads = new Float64Array(topology.links.count);
    for (const order of [
      [1, 0],
      [0, 1],
    ]) {
      const held = Array.from({ length: topology.chips }, (_, chip) => new Set([chip]));
      for (const axis of order) gatherAlong(axis, held, loads, bytes / 2 / topology.chips);
      expect(held.every((chips) => chips.size === topology.chips)).toBe(true);
    }
    const planned = new Float64Array(topology.links.count);
    phase.links.forEach((link, j) => {
      planned[link] = phase.bytes[j];
    });
    loads.forEach((load, link) => {
      expect(planned[link]).toBeCloseTo(load, 6);
    });
  });

  /** Every line along `axis` gathers what its chips hold, message by message. */
  function gatherAlong(axis: number, held: Set<number>[], loads: Float64Array, shardBytes: number): void {
    const before = held.map((chips) => new Set(chips));
    for (let chip = 0; chip < topology.chips; chip++) {
      const coordinates = coordinatesOf(shape, chip);
      if (coordinates[axis] !== 0) continue;
      const chipOf = (member: number) => chipAt(shape, coordinates.with(axis, member));
      for (const { from, to, direction, shard, share } of allGatherMessages(shape[axis], wrap)) {
        loads[linkFrom(topology, chipOf(from), axis, direction)] += before[chipOf(shard)].size * share * shardBytes;
        for (const one of before[chipOf(shard)]) held[chipOf(to)].add(one);
      }
    }
  }
});
