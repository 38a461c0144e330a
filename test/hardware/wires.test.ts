import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTopology, chipAt, coordinatesOf, defaultWrap, linkFrom } from '../../src/hardware/index.ts';

const sides = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
const build = (shape: readonly number[], wrap: readonly boolean[]) =>
  buildTopology(
    { shape, wrap, devicesPerChip: 2, linkBytesPerSecond: 1e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 1e11 },
    'test',
    'none',
  );

describe('links', () => {
  test('every link has its opposite, and steps by one along its dimension', () => {
    fc.assert(
      fc.property(sides, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), (shape, wraps) => {
        const topology = build(shape, wraps.slice(0, shape.length));
        const { links } = topology;
        const ends = new Map<string, number>();
        for (let row = 0; row < links.count; row++) {
          const axis = links.axis[row];
          const from = coordinatesOf(shape, links.from[row]);
          const to = coordinatesOf(shape, links.to[row]);
          expect(to[axis]).toBe((from[axis] + links.direction[row] + shape[axis]) % shape[axis]);
          expect(to.with(axis, 0)).toEqual(from.with(axis, 0));
          expect(linkFrom(topology, links.from[row], axis, links.direction[row] === 1 ? 1 : -1)).toBe(row);
          const key = `${Math.min(links.from[row], links.to[row])} ${Math.max(links.from[row], links.to[row])}`;
          ends.set(key, (ends.get(key) ?? 0) + (links.from[row] < links.to[row] ? 1 : -1));
        }
        expect([...ends.values()].every((balance) => balance === 0)).toBe(true);
        const expected = shape.reduce((sum, side, axis) => {
          if (side === 1) return sum;
          const lines = topology.chips / side;
          return sum + 2 * lines * (wraps[axis] ? side : side - 1);
        }, 0);
        expect(links.count).toBe(expected);
      }),
      { seed: 21 },
    );
  });

  test('a wrapped side of 2 has two parallel wires, an open one a single wire, a side of 1 none', () => {
    expect(build([2], [true]).links.count).toBe(4);
    expect(build([2], [false]).links.count).toBe(2);
    expect(build([1], [true]).links.count).toBe(0);
  });

  test('TPU v3, 4x4: 48 directed links when open, 64 when closed', () => {
    expect(build([4, 4], [false, false]).links.count).toBe(48);
    expect(build([4, 4], [true, true]).links.count).toBe(64);
  });
});

test('coordinates and chips are inverse, first coordinate fastest', () => {
  expect(coordinatesOf([4, 4], 5)).toEqual([1, 1]);
  expect(chipAt([4, 4], [1, 0])).toBe(1);
  fc.assert(
    fc.property(sides, (shape) => {
      const chips = shape.reduce((a, b) => a * b, 1);
      for (let chip = 0; chip < chips; chip++) expect(chipAt(shape, coordinatesOf(shape, chip))).toBe(chip);
    }),
    { seed: 22, numRuns: 30 },
  );
});

describe('default wrap-around', () => {
  test('2-D pods: a side closes when it spans the pod', () => {
    const rule = { wrapRule: { kind: 'side', sides: [16] } } as const;
    expect(defaultWrap(rule, [8, 16])).toEqual([false, true]);
    expect(defaultWrap(rule, [16, 16])).toEqual([true, true]);
    expect(defaultWrap(rule, [4, 4])).toEqual([false, false]);
  });

  test('cubes: all sides close or none', () => {
    const rule = { wrapRule: { kind: 'cubes', multiple: 4 } } as const;
    expect(defaultWrap(rule, [4, 4, 8])).toEqual([true, true, true]);
    expect(defaultWrap(rule, [2, 4, 4])).toEqual([false, false, false]);
  });
});
