import fc from 'fast-check';
import { expect, it } from 'vitest';
import { areFinite } from '../../src/base/index.ts';

const LARGEST = 3.4028234663852886e38;

it('finds a number that is not finite wherever it stands, and none among the largest there are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 23 }),
      fc.nat(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      (numbers, at, spoiler) => {
        const values = Float32Array.from(numbers);
        expect(areFinite(values)).toBe(true);
        values[at % values.length] = spoiler;
        expect(areFinite(values)).toBe(false);
      },
    ),
  );
  expect(areFinite(new Float32Array(5000).fill(LARGEST))).toBe(true);
  expect(areFinite(Float32Array.of(Number.POSITIVE_INFINITY, 0, 0, 0, Number.NEGATIVE_INFINITY))).toBe(false);
  expect(areFinite(new Float32Array(0))).toBe(true);
});
