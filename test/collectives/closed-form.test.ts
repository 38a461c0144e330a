import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type Collective, planSeconds, torusAllGatherSeconds } from '../../src/collectives/index.ts';
import { allDevices, grid } from './grids.ts';

/** Equal to 1e-12 relative: the vectors and the plans divide in different orders. */
const near = (actual: number, expected: number) => expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-12);

describe('rings and lines', () => {
  const collectives: readonly Collective[] = Object.values(COLLECTIVES);

  test.each([2, 3, 4, 5, 8, 9])('n = %i: latency and odd rings agree with the closed form', (n) => {
    for (const wrap of [true, false]) {
      const topology = grid([n], wrap, { hopLatencySeconds: 1e-3 });
      const ring = { members: n, wrap, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-3 };
      for (const { plan, closedForm } of collectives) {
        near(planSeconds(plan({ topology, devices: allDevices(topology), bytes: 7e6 }), topology), closedForm(ring, 7e6));
      }
    }
  });
});

test('a broadcast round a ring takes two trees where bytes count and one of shortest ways where latency does', () => {
  const topology = grid([8], true);
  const ring = { members: 8, wrap: true, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-6 };
  // V / 2b against 3 hops more: equal at 270 kB.
  for (const [bytes, seconds] of [
    [45e3, 1e-6 + 4e-6],
    [269e3, 269 / 45e6 + 4e-6],
    [271e3, 271 / 90e6 + 7e-6],
    [450e3, 5e-6 + 7e-6],
  ]) {
    near(planSeconds(COLLECTIVES.broadcast.plan({ topology, devices: allDevices(topology), bytes }), topology), seconds);
    near(COLLECTIVES.broadcast.closedForm(ring, bytes), seconds);
  }
});

describe('several dimensions', () => {
  test.each([
    [2, 4, true],
    [2, 4, false],
    [3, 4, true],
    [2, 16, true],
  ])('%i dimensions of %i, wrap %s, add their bandwidth', (dimensions, members, wrap) => {
    const topology = grid(new Array(dimensions).fill(members), wrap, { hopLatencySeconds: 0 });
    const ring = { members, wrap, linkBytesPerSecond: 45e9, hopLatencySeconds: 0 };
    const plan = COLLECTIVES['all-gather'].plan({ topology, devices: allDevices(topology), bytes: 1e9 });
    near(planSeconds(plan, topology), torusAllGatherSeconds(dimensions, ring, 1e9));
  });
});
