import { describe, expect, it } from 'vitest';
import { cos, sin } from '../../src/base/index.ts';
import { exactSineAndCosine, relativeError } from './exact-trigonometry.ts';
import { grid, largestErrorAt } from './largest-error.ts';

/** One unit in the last place: what two functions of less than its half apart, and a little, may differ by. */
const BETWEEN_NEIGHBOURS = 2.3e-16;

/** The doubles around every multiple of pi / 4, where reduced arguments cancel or change quarter. */
function* nearMultiples(last: number): Generator<number> {
  for (let n = 1; n <= last; n++) {
    const x = (n * Math.PI) / 4;
    yield x;
    yield x * (1 + Number.EPSILON);
    yield x * (1 - Number.EPSILON);
  }
}

/** Angles of rotary embeddings: whole positions times frequencies. */
function* angles(): Generator<number> {
  for (let position = 0; position <= 131072; position += 7)
    for (const frequency of [1, 0.7498942093324559, 0.1, 1e-4]) yield position * frequency;
}

/** Whole positions, irregular angles, and the doubles nearest to multiples of pi / 4. */
function* exactPoints(): Generator<number> {
  for (let i = 1; i <= 8_000; i++) {
    yield i * 16;
    yield i * 3.7e-4;
    yield i * 205.8871;
    yield (i * Math.PI) / 4;
    yield ((i * Math.PI) / 4) * (1 + Number.EPSILON);
  }
}

describe('sin and cos', () => {
  it.each([
    ['near zero', () => grid(-1, 1, 200_001)],
    ['a few turns', () => grid(-30, 30, 200_001)],
    ['up to the last position', () => grid(-131072, 131072, 400_001)],
    ['every whole position', () => grid(0, 131072, 131073)],
    ['up to the largest angle', () => grid(1_600_000, 1_647_099, 100_001)],
    ['next to multiples of pi / 4', () => nearMultiples(170_000)],
    ['angles of rotary embeddings', angles],
  ])('agree with the engine to a unit in the last place: %s', (_name, points) => {
    for (const [own, reference] of [
      [sin, Math.sin],
      [cos, Math.cos],
    ]) {
      const all = [...points()];
      expect(all.length).toBeGreaterThan(70_000);
      expect(largestErrorAt(own, reference, all)).toBeLessThan(BETWEEN_NEIGHBOURS);
    }
  });

  it('are within 1.3e-16 of the truth', () => {
    let largest = 0;
    let count = 0;
    for (const x of exactPoints()) {
      const [sine, cosine] = exactSineAndCosine(x);
      largest = Math.max(largest, relativeError(sin(x), sine), relativeError(cos(x), cosine));
      count += 1;
    }
    expect(count).toBeGreaterThan(30_000);
    expect(largest).toBeLessThan(1.3e-16);
  });

  it('meet the limits', () => {
    expect([sin(0), cos(0), cos(-0)]).toEqual([0, 1, 1]);
    expect(sin(-0)).toBe(-0);
    expect(sin(1e-300)).toBe(1e-300);
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(sin(x)).toBeNaN();
      expect(cos(x)).toBeNaN();
    }
  });

  it('are odd and even to the bit', () => {
    for (const x of grid(0, 1000, 10_001)) {
      expect(sin(-x)).toBe(-sin(x));
      expect(cos(-x)).toBe(cos(x));
    }
  });

  it('refuse what they cannot reduce', () => {
    expect(() => sin(2e6)).toThrow('sin: x must be within +-1647099, is 2000000');
    expect(() => cos(-1e9)).toThrow('cos: x must be within +-1647099, is -1000000000');
  });
});
