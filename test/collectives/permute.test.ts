import { expect, test } from 'vitest';
import { COLLECTIVES, planSeconds } from '../../src/collectives/index.ts';
import { allDevices, grid } from './grids.ts';

const { plan, lowerBoundSeconds, busFactor, sentBytesPerDevice, closedForm } = COLLECTIVES.permute;

test('round a ring, every member sends over one link', () => {
  const topology = grid([8], true);
  const request = { topology, devices: allDevices(topology), bytes: 45e6 };
  const made = plan(request);
  expect([...made.phases[0].links].map((link) => topology.links.direction[link])).toEqual(Array.from({ length: 8 }, () => 1));
  expect([...made.phases[0].bytes]).toEqual(Array.from({ length: 8 }, () => 45e6));
  expect(planSeconds(made, topology)).toBeCloseTo(1e-3 + 1e-6, 15);
  // A ring in one direction leaves half of the links idle, which the bound counts on.
  expect(lowerBoundSeconds(request)).toBeCloseTo(0.5e-3, 15);
  expect([busFactor(8), sentBytesPerDevice(7, 8), sentBytesPerDevice(7, 1)]).toEqual([1, 7, 0]);
});

test('along a line, the last member sends back to the first over all links', () => {
  const topology = grid([4], false);
  const { phases } = plan({ topology, devices: allDevices(topology), bytes: 10 });
  expect(phases[0].links).toHaveLength(6);
  expect(phases[0].latencySeconds).toBeCloseTo(3e-6, 15);
});

test('targets name members, not devices; who is its own target keeps what it has', () => {
  const topology = grid([4], false);
  // Member 0 is device 3 and sends to member 1, device 0; all others keep theirs.
  const { phases } = plan({ topology, devices: Uint32Array.of(3, 0, 1, 2), bytes: 100, targets: Uint32Array.of(1, 1, 2, 3) });
  expect([...phases[0].links].map((link) => topology.links.from[link])).toEqual([1, 2, 3]);
  expect([...phases[0].bytes]).toEqual([100, 100, 100]);
});

test('within a chip, bytes go through its memory', () => {
  const topology = grid([2], true, { devicesPerChip: 2 });
  const { phases } = plan({ topology, devices: allDevices(topology), bytes: 8 });
  expect(phases[0].localBytes).toBe(8);
  expect([...phases[0].bytes].reduce((sum, bytes) => sum + bytes, 0)).toBe(16);
});

test('several members may have one target, which takes all of it in', () => {
  const topology = grid([3], false);
  const { phases } = plan({ topology, devices: allDevices(topology), bytes: 5, targets: Uint32Array.of(1, 1, 1) });
  expect([...phases[0].bytes]).toEqual([5, 5]);
});

test.each([2, 3, 4, 7, 16])('%i members: the plan takes what the textbook says', (members) => {
  for (const wrap of [true, false]) {
    const topology = grid([members], wrap);
    const ring = { members, wrap, linkBytesPerSecond: 45e9, hopLatencySeconds: topology.hopLatencySeconds };
    const seconds = planSeconds(plan({ topology, devices: allDevices(topology), bytes: 45e6 }), topology);
    expect(seconds / closedForm(ring, 45e6)).toBeCloseTo(1, 12);
  }
});
