import { expect, it } from 'vitest';
import { greatestCommonDivisor, leastCommonMultiple } from '../../src/base/index.ts';

it('common divisors and multiples of small numbers are those that a search finds', () => {
  for (let a = 1; a <= 24; a++) {
    for (let b = 1; b <= 24; b++) {
      const divisors = Array.from({ length: 24 }, (_, i) => i + 1).filter((d) => a % d === 0 && b % d === 0);
      const multiples = Array.from({ length: a * b }, (_, i) => i + 1).filter((m) => m % a === 0 && m % b === 0);
      expect(greatestCommonDivisor(a, b)).toBe(Math.max(...divisors));
      expect(leastCommonMultiple(a, b)).toBe(Math.min(...multiples));
    }
  }
  expect(greatestCommonDivisor(6, 0)).toBe(6);
});
