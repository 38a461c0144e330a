import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTopology, coordinatesOf, isTwisted, linkFrom, noTwist, twistOf } from '../../src/hardware/index.ts';
import { distancesOf, hopsFrom } from './distances.ts';

const SPEED = { devicesPerChip: 1, linkBytesPerSecond: 1e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 1e11 };
const torus = (shape: readonly number[], twist?: readonly (readonly number[])[] | null) =>
  buildTopology({ shape, wrap: shape.map(() => true), twist: twist ?? undefined, ...SPEED }, 'test', 'none');

/** Sides n and 2n in any order, at least one of each. */
const sides = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.array(fc.boolean(), { minLength: 2, maxLength: 3 }))
  .filter(([, long]) => long.includes(true) && long.includes(false))
  .map(([n, long]) => long.map((isLong) => (isLong ? 2 * n : n)));

describe('published shapes', () => {
  test.each([
    [[4, 4, 8], 4, 8, 3.4375, 6],
    [[8, 4, 4], 4, 8, 3.4375, 6],
    [[4, 8, 8], 5, 10, 4.3125, 6],
    [[8, 4, 8], 5, 10, 4.3125, 6],
    [[4, 8], 3, 6, 2.625, 4],
  ])('%j: mean %f and longest %i plain, %f and %i twisted', (shape, plainMean, plainLongest, mean, longest) => {
    expect(distancesOf(torus(shape))).toEqual({ mean: plainMean, diameter: plainLongest });
    expect(distancesOf(torus(shape, twistOf(shape)))).toEqual({ mean, diameter: longest });
  });

  test.each([
    [
      'one short wrap of two',
      [4, 4, 8],
      [
        [0, 0, 4],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      'one long side of two',
      [4, 8, 8],
      [
        [0, 4, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      'a quarter of the way',
      [4, 4, 8],
      [
        [0, 0, 2],
        [0, 0, 2],
        [0, 0, 0],
      ],
    ],
  ])('%s is not that twist: chips are farther apart', (_, shape, twist) => {
    expect(distancesOf(torus(shape, twist)).mean).toBeGreaterThan(distancesOf(torus(shape, twistOf(shape))).mean);
  });
});

describe('every twisted torus', () => {
  test('has as many links as the plain one, each with its opposite, and looks the same from every chip', () => {
    fc.assert(
      fc.property(sides, (shape) => {
        const topology = torus(shape, twistOf(shape));
        const { links } = topology;
        expect(isTwisted(topology)).toBe(true);
        expect(links.count).toBe(torus(shape).links.count);
        for (let row = 0; row < links.count; row++) {
          const back = linkFrom(topology, links.to[row], links.axis[row], links.direction[row] === 1 ? -1 : 1);
          expect(links.to[back]).toBe(links.from[row]);
        }
        const seen = [...hopsFrom(topology, 0)].sort((a, b) => a - b);
        for (let chip = 1; chip < topology.chips; chip++) expect([...hopsFrom(topology, chip)].sort((a, b) => a - b)).toEqual(seen);
      }),
      { seed: 31, numRuns: 12 },
    );
  });

  test('shifts every long side by half of it where a short wrap is crossed, and nothing elsewhere', () => {
    fc.assert(
      fc.property(sides, (shape) => {
        const topology = torus(shape, twistOf(shape));
        const { links } = topology;
        const short = Math.min(...shape);
        for (let row = 0; row < links.count; row++) {
          const axis = links.axis[row];
          const [from, to] = [coordinatesOf(shape, links.from[row]), coordinatesOf(shape, links.to[row])];
          const next = from[axis] + links.direction[row];
          const crosses = next < 0 || next >= shape[axis];
          const expected = from.map((coordinate, other) => {
            if (other === axis) return (next + shape[axis]) % shape[axis];
            return crosses && shape[axis] === short && shape[other] > short ? (coordinate + short) % shape[other] : coordinate;
          });
          expect(to).toEqual(expected);
        }
      }),
      { seed: 32, numRuns: 20 },
    );
  });

  test('is no farther apart than the plain one', () => {
    fc.assert(
      fc.property(sides, (shape) => {
        const [plain, twisted] = [distancesOf(torus(shape)), distancesOf(torus(shape, twistOf(shape)))];
        expect(twisted.mean).toBeLessThan(plain.mean);
        expect(twisted.diameter).toBeLessThanOrEqual(plain.diameter);
      }),
      { seed: 33, numRuns: 10 },
    );
  });
});

test.each([[[4, 4, 4]], [[4, 8, 12]], [[4, 4, 16]], [[1, 2, 2]], [[8]]])('%j has no twist', (shape) => {
  expect(twistOf(shape)).toBeNull();
  expect(isTwisted({ twist: noTwist(shape) })).toBe(false);
});
