import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type GroupPlan, planSeconds } from '../../src/collectives/index.ts';
import { coordinatesOf, linkFrom, type Topology } from '../../src/hardware/index.ts';
import { allDevices, grid } from './grids.ts';

const { plan } = COLLECTIVES['all-to-all'];

const grids = fc.record({
  shape: fc.constantFrom([4], [5], [6], [3, 4], [4, 4], [2, 3, 4]),
  wrap: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  devicesPerChip: fc.constantFrom(1, 2),
});
const bytes = fc.integer({ min: 0, max: 1 << 20 });

function topologyOf({
  shape,
  wrap,
  devicesPerChip,
}: {
  shape: readonly number[];
  wrap: readonly boolean[];
  devicesPerChip: number;
}): Topology {
  return grid(shape, wrap.slice(0, shape.length), { devicesPerChip });
}

/** [links]: the plan's bytes, also where there are none. */
function loadsOf({ phases }: GroupPlan, topology: Topology): Float64Array {
  const loads = new Float64Array(topology.links.count);
  for (const { links, bytes: carried } of phases) for (const [i, link] of links.entries()) loads[link] += carried[i];
  return loads;
}

/** Minimal hops between two chips. */
function distance({ shape, wrap }: Topology, from: number, to: number): number {
  const target = coordinatesOf(shape, to);
  return coordinatesOf(shape, from).reduce((sum, at, axis) => {
    const straight = Math.abs(target[axis] - at);
    return sum + (wrap[axis] ? Math.min(straight, shape[axis] - straight) : straight);
  }, 0);
}

/** The same routing, one pair, one order and one hop at a time. */
function bruteForce(topology: Topology, traffic: Float64Array): Float64Array {
  const loads = new Float64Array(topology.links.count);
  const { shape, devices, devicesPerChip } = topology;
  const orders = permutations(shape.map((_, axis) => axis));
  for (let source = 0; source < devices; source++) {
    for (let destination = 0; destination < devices; destination++) {
      const [from, to] = [Math.floor(source / devicesPerChip), Math.floor(destination / devicesPerChip)];
      for (const order of orders)
        walk(topology, loads, from, coordinatesOf(shape, to), order, traffic[source * devices + destination] / orders.length);
    }
  }
  return loads;
}

/** Walks one dimension after the other; at a tie, half of the bytes goes each way. */
function walk(
  topology: Topology,
  loads: Float64Array,
  chip: number,
  target: readonly number[],
  order: readonly number[],
  carried: number,
): void {
  const { shape, wrap, links } = topology;
  const [axis, ...rest] = order;
  if (axis === undefined) return;
  const side = shape[axis];
  const at = coordinatesOf(shape, chip)[axis];
  const ahead = (target[axis] - at + side) % side;
  let ways: (1 | -1)[] = target[axis] > at ? [1] : [-1];
  if (wrap[axis]) ways = 2 * ahead === side ? [1, -1] : 2 * ahead < side ? [1] : [-1];
  let reached = chip;
  for (const way of ahead === 0 ? [] : ways) {
    reached = chip;
    while (coordinatesOf(shape, reached)[axis] !== target[axis]) {
      const link = linkFrom(topology, reached, axis, way);
      loads[link] += carried / ways.length;
      reached = links.to[link];
    }
  }
  walk(topology, loads, reached, target, rest, carried);
}

function permutations(items: readonly number[]): number[][] {
  return items.length <= 1
    ? [[...items]]
    : items.flatMap((item) => permutations(items.filter((one) => one !== item)).map((rest) => [item, ...rest]));
}

function randomTraffic(devices: number, numbers: readonly number[]): Float64Array {
  return Float64Array.from({ length: devices * devices }, (_, i) => numbers[(i * 7919) % numbers.length]);
}

describe('any traffic', () => {
  test('loads are those of a walk along every path, hop by hop', () => {
    fc.assert(
      fc.property(grids, fc.array(bytes, { minLength: 5, maxLength: 30 }), (draft, numbers) => {
        const topology = topologyOf(draft);
        const traffic = randomTraffic(topology.devices, numbers);
        const loads = loadsOf(plan({ topology, devices: allDevices(topology), bytes: 0, traffic }), topology);
        bruteForce(topology, traffic).forEach((expected, link) => {
          expect(Math.abs(loads[link] - expected)).toBeLessThanOrEqual(1e-9 * expected);
        });
      }),
      { numRuns: 30, seed: 31 },
    );
  });

  test('bytes are conserved: link loads add up to traffic times distance, the rest stays on its chip', () => {
    fc.assert(
      fc.property(grids, fc.array(bytes, { minLength: 5, maxLength: 30 }), (draft, numbers) => {
        const topology = topologyOf(draft);
        const { devices, devicesPerChip } = topology;
        const traffic = randomTraffic(devices, numbers);
        const made = plan({ topology, devices: allDevices(topology), bytes: 0, traffic });
        const local = new Float64Array(topology.chips);
        let hopBytes = 0;
        traffic.forEach((sent, i) => {
          const [source, destination] = [Math.floor(i / devices), i % devices];
          const [from, to] = [Math.floor(source / devicesPerChip), Math.floor(destination / devicesPerChip)];
          hopBytes += sent * distance(topology, from, to);
          if (from === to && source !== destination) local[from] += sent;
        });
        const total = loadsOf(made, topology).reduce((sum, load) => sum + load, 0);
        expect(Math.abs(total - hopBytes)).toBeLessThanOrEqual(1e-9 * hopBytes);
        expect(made.phases[0].localBytes).toBe(Math.max(...local));
      }),
      { numRuns: 30, seed: 32 },
    );
  });

  test('equal traffic between all pairs is the uniform plan', () => {
    fc.assert(
      fc.property(grids, (draft) => {
        const topology = topologyOf(draft);
        const devices = allDevices(topology);
        const traffic = new Float64Array(devices.length ** 2).fill(1000);
        const uniform = plan({ topology, devices, bytes: 1000 * devices.length });
        const measured = plan({ topology, devices, bytes: 0, traffic });
        expect(uniform.phases[0].localBytes).toBe(measured.phases[0].localBytes);
        expect(uniform.phases[0].latencySeconds).toBe(measured.phases[0].latencySeconds);
        loadsOf(uniform, topology).forEach((load, link) => {
          expect(load).toBeCloseTo(loadsOf(measured, topology)[link], 6);
        });
      }),
      { numRuns: 20, seed: 33 },
    );
  });

  test('members in another order: the traffic matrix follows the members, not the device numbers', () => {
    const topology = grid([4], false);
    const traffic = new Float64Array(16);
    traffic[0 * 4 + 1] = 100;
    // Member 0 is device 3, member 1 is device 0: three hops backwards.
    const made = plan({ topology, devices: Uint32Array.from([3, 0, 1, 2]), bytes: 0, traffic });
    expect([...made.phases[0].links].map((link) => topology.links.from[link])).toEqual([1, 2, 3]);
    expect([...made.phases[0].bytes]).toEqual([100, 100, 100]);
  });
});

describe('uniform traffic on a torus', () => {
  test.each([[[4, 4]], [[8, 8]], [[4, 4, 4]], [[3, 5]]])('%j: every link of a dimension carries the same', (shape) => {
    const topology = grid(shape, true);
    const loads = loadsOf(plan({ topology, devices: allDevices(topology), bytes: 1e6 }), topology);
    shape.forEach((_, axis) => {
      const along = loads.filter((_load, link) => topology.links.axis[link] === axis);
      expect(Math.max(...along) / Math.min(...along)).toBeCloseTo(1, 12);
    });
  });
});

test('a hot destination takes longer than even traffic of the same total', () => {
  const topology = grid([4, 4], false, { devicesPerChip: 2 });
  const n = topology.devices;
  const devices = allDevices(topology);
  const even = new Float64Array(n * n).fill(1e6);
  const hot = Float64Array.from({ length: n * n }, (_, i) => (i % n === 0 ? 1e6 * n : 0));
  const seconds = (traffic: Float64Array) => planSeconds(plan({ topology, devices, bytes: 0, traffic }), topology);
  expect(seconds(hot)).toBeGreaterThan(3 * seconds(even));
});
