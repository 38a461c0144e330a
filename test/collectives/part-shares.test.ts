import * as fc from 'fast-check';
import highsModule, { type Highs } from 'highs';
import { expect, test } from 'vitest';
import { fullestLoad, partShares } from '../../src/collectives/gathering/part-shares.ts';

/** The types of the package are those of its CommonJS form, where the function is a property. */
const highs = await (highsModule as unknown as () => Promise<Highs>)();

/** The least fullest load, by an independent solver. */
function leastFullest(loads: readonly (readonly number[])[]): number {
  const names = loads.map((_, part) => `x${part}`);
  const rows = loads.map((row, k) => `r${k}: ${row.map((load, part) => `${load} ${names[part]}`).join(' + ')} - t <= 0`);
  const solution = highs.solve(`Minimize\n  t\nSubject To\n  ${rows.join('\n  ')}\n  one: ${names.join(' + ')} = 1\nEnd`);
  return solution.ObjectiveValue;
}

const grids = fc.integer({ min: 1, max: 3 }).chain((dimensions) =>
  fc.record({
    sides: fc.array(fc.integer({ min: 2, max: 24 }), { minLength: dimensions, maxLength: dimensions }),
    wrap: fc.array(fc.boolean(), { minLength: dimensions, maxLength: dimensions }),
  }),
);

test('no other cut of the array loads the fullest dimension less', () => {
  let clamped = 0;
  fc.assert(
    fc.property(grids, ({ sides, wrap }) => {
      const loads = sides.map((side, k) =>
        sides.map((_, o) => {
          let copies = wrap[k] ? (side - 1) / 2 : side - 1;
          for (let done = o; done !== k; done = (done + 1) % sides.length) copies *= sides[done];
          return copies;
        }),
      );
      const shares = partShares(loads);
      expect(shares.every((share) => share >= 0)).toBe(true);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(fullestLoad(loads, shares) / leastFullest(loads)).toBeCloseTo(1, 6);
      if (shares.includes(0)) clamped++;
    }),
    { seed: 3, numRuns: 200 },
  );
  expect(clamped).toBeGreaterThan(3);
});

test('equal sides have equal shares', () => {
  expect(partShares([[1]])).toEqual([1]);
  expect(
    partShares([
      [3, 12],
      [12, 3],
    ]),
  ).toEqual([0.5, 0.5]);
});
