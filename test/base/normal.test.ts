import { describe, expect, it } from 'vitest';
import { inverseNormalCdf, normalCdf, normalDensity } from '../../src/base/index.ts';
import { relativeErrorOfNormalDensity } from './exact-exponential.ts';
import { grid, largestError, largestOf } from './largest-error.ts';

/** Phi(-y) for y >= 2.5 by the continued fraction phi(y) / (y + 1 / (y + 2 / (y + 3 / ...))): another way than the source's. */
function tailByFraction(y: number): number {
  let denominator = y;
  for (let k = 400; k > 0; k--) denominator = y + k / denominator;
  return normalDensity(y) / denominator;
}

/** Phi(x) for |x| < 2.6 by 1/2 + phi(x) (x + x^3 / 3 + x^5 / 15 + ...), whose terms have one sign. */
function cdfBySeries(x: number): number {
  let term = x;
  let sum = 0;
  for (let k = 1; k < 200; k += 2) {
    sum += term;
    term *= (x * x) / (k + 2);
  }
  return 0.5 + normalDensity(x) * sum;
}

/** Values to the last digit of a double, computed with 50 digits (mpmath 1.3.0). */
const DISTRIBUTION = [
  [-30, 4.906713927148187e-198],
  [-20, 2.7536241186062337e-89],
  [-10, 7.619853024160525e-24],
  [-5, 2.866515718791939e-7],
  [-2, 0.02275013194817921],
  [-1, 0.15865525393145705],
  [-0.5, 0.3085375387259869],
  [-0.001, 0.49960105778608893],
  [0.001, 0.500398942213911],
  [0.3, 0.6179114221889527],
  [1, 0.8413447460685429],
  [1.96, 0.9750021048517795],
  [5, 0.9999997133484281],
  [8, 0.9999999999999993],
] as const;

const QUANTILES = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798407],
  [2 ** -33, -6.3379577545537895],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.2, -0.8416212335729142],
  [0.3, -0.5244005127080408],
  [0.4999, -0.00025066283008800747],
  [0.6, 0.2533471031357997],
  [0.9, 1.2815515655446006],
  [0.999, 3.090232306167813],
] as const;

const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS_INFINITY, NaN: NOT_A_NUMBER } = Number;

describe('normal distribution', () => {
  it('density is within 2e-15 of the truth wherever it is a normal number', () => {
    expect(largestError(normalDensity, (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI), -2, 2)).toBeLessThan(2e-15);
    // 37.6 is where the density becomes subnormal.
    expect(largestOf((x) => relativeErrorOfNormalDensity(normalDensity(x), x), grid(-37.6, 37.6, 20_000))).toBeLessThan(2e-15);
    expect([normalDensity(-38.1), normalDensity(40), normalDensity(MINUS_INFINITY)]).toEqual([2.44232597e-316, 0, 0]);
  });

  it('distribution is within 2e-15 of the series, of the continued fraction and of exact values', () => {
    expect(largestError(normalCdf, cdfBySeries, -0.6, 2.6, 40_001)).toBeLessThan(2e-15);
    expect(largestError((y) => normalCdf(-y), tailByFraction, 2.5, 37, 20_001)).toBeLessThan(2e-15);
    for (const [x, expected] of DISTRIBUTION) expect(Math.abs(normalCdf(x) / expected - 1), String(x)).toBeLessThan(2e-15);
    expect(normalCdf(-38) / 2.88542835e-316).toBeCloseTo(1, 8);
  });

  it('distribution rises, is symmetric, and meets the limits', () => {
    let before = 0;
    for (let x = -9; x <= 9; x += 1 / 4096) {
      const value = normalCdf(x);
      if (!(value >= before)) expect.fail(`falls at ${x}`);
      if (!(Math.abs(value + normalCdf(-x) - 1) <= 2 ** -52)) expect.fail(`is not symmetric at ${x}`);
      before = value;
    }
    expect([normalCdf(0), normalCdf(-0), normalCdf(5e-324)]).toEqual([0.5, 0.5, 0.5]);
    expect([normalCdf(MINUS_INFINITY), normalCdf(-40), normalCdf(40), normalCdf(INFINITY)]).toEqual([0, 0, 1, 1]);
  });

  it('inverse is within 3e-15 of exact values, and undoes the distribution', () => {
    for (const [p, expected] of QUANTILES) {
      // 0.999 and its like are rounded, and 1 - p with them, so an upper quantile carries the rounding of its argument.
      const ofArgument = p > 0.5 ? 2 ** -53 / normalDensity(expected) / expected : 0;
      expect(Math.abs(inverseNormalCdf(p) / expected - 1), String(p)).toBeLessThan(3e-15 + ofArgument);
    }
    const undone = (x: number): number => inverseNormalCdf(normalCdf(x));
    expect(largestError(undone, (x) => x, -37, -0.01, 40_001)).toBeLessThan(1e-13);
    expect(
      largestError(
        (p) => normalCdf(inverseNormalCdf(p)),
        (p) => p,
        1e-9,
        0.9999,
        40_001,
      ),
    ).toBeLessThan(1e-14);
  });

  it('inverse is odd about one half, and meets the limits', () => {
    for (let i = 1; i < 1024; i++) expect(inverseNormalCdf(i / 2048)).toBe(-inverseNormalCdf(1 - i / 2048));
    expect([inverseNormalCdf(0), inverseNormalCdf(-0), inverseNormalCdf(0.5), inverseNormalCdf(1)]).toEqual([
      MINUS_INFINITY,
      MINUS_INFINITY,
      0,
      INFINITY,
    ]);
    for (const p of [-0.1, 1.1, INFINITY, NOT_A_NUMBER]) expect(inverseNormalCdf(p)).toBeNaN();
    expect(inverseNormalCdf(5e-324)).toBeCloseTo(-38.5, 0);
  });

  it('uniform words give Gaussian numbers: the first four moments', () => {
    const count = 100_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const x = inverseNormalCdf((i + 0.5) / count);
      for (let power = 1; power <= 4; power++) moments[power - 1] += x ** power / count;
    }
    for (const [i, expected] of [0, 1, 0, 3].entries()) expect(moments[i]).toBeCloseTo(expected, 2);
  });

  it('NaN stays NaN', () => {
    for (const f of [normalDensity, normalCdf, inverseNormalCdf]) expect(f(NOT_A_NUMBER)).toBeNaN();
  });
});
