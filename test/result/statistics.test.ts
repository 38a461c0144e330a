import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose, uniform } from '../../src/base/index.ts';
import { mean, meanInterval95, pairedDifference95, sampleStandardDeviation, standardErrorOfMean } from '../../src/result/index.ts';

/** Share of Student's distribution below `t`: its density without the constant, integrated by Simpson's rule. */
function studentShareBelow(t: number, degrees: number): number {
  // x = tan(u) maps the whole line onto (-pi/2, pi/2), where the density stays bounded.
  const density = (u: number): number => {
    const x = Math.tan(u);
    return (1 + (x * x) / degrees) ** (-(degrees + 1) / 2) * (1 + x * x);
  };
  const integrate = (to: number): number => {
    const steps = 20_000;
    const width = to / steps;
    let sum = density(0) + density(to);
    for (let i = 1; i < steps; i++) sum += density(i * width) * (i % 2 === 0 ? 2 : 4);
    return (sum * width) / 3;
  };
  return 0.5 + (0.5 * integrate(Math.atan(t))) / integrate(Math.PI / 2 - 1e-9);
}

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 30 });

describe('intervals', () => {
  it.each([2, 3, 5, 8, 11, 12, 20, 40, 200])('of %i values use the 97.5 percent point of Student’s t', (count) => {
    // Values -1 and 1 in turn: mean and deviation are known, so half the width shows the quantile.
    const sample = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const { interval } = meanInterval95(sample);
    const quantile = (interval[1] - interval[0]) / 2 / standardErrorOfMean(sample);
    expect(Math.abs(studentShareBelow(quantile, count - 1) - 0.975)).toBeLessThan(1e-5);
  });

  it('cover the true mean in about 95 of 100 samples', () => {
    const samples = 2000;
    let covered = 0;
    for (let i = 0; i < samples; i++) {
      // Sums of uniforms are nearly normal; their mean is 3.
      const sample = Array.from({ length: 6 }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < 6; k++) sum += uniform(11, Purpose.test, i, j * 6 + k);
        return sum;
      });
      const { interval } = meanInterval95(sample);
      if (interval[0] <= 3 && 3 <= interval[1]) covered++;
    }
    expect(covered / samples).toBeGreaterThan(0.935);
    expect(covered / samples).toBeLessThan(0.965);
  });

  it('of paired differences ignore what both sides share', () => {
    const steps = [0.1, 0.2, 0.15, 0.1, 0.2];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 5, maxLength: 5 }), (shared) => {
        const moved = shared.map((value, i) => value + steps[i]);
        const { mean: difference, interval, count } = pairedDifference95(moved, shared);
        expect(difference).toBeCloseTo(0.15, 9);
        expect(count).toBe(5);
        expect(interval[1] - interval[0]).toBeLessThan(0.13);
        expect(interval[0]).toBeGreaterThan(0);
      }),
    );
  });

  it('refuse a single value and unequal pairs', () => {
    expect(() => meanInterval95([1])).toThrow(/at least 2 values, got 1/);
    expect(() => pairedDifference95([1, 2], [1])).toThrow(/equal lengths, got 2 and 1/);
  });
});

describe('moments', () => {
  it('agree with their definitions', () => {
    fc.assert(
      fc.property(values, (sample) => {
        const average = sample.reduce((sum, value) => sum + value, 0) / sample.length;
        const squares = sample.reduce((sum, value) => sum + (value - average) * (value - average), 0);
        expect(Math.abs(mean(sample) - average)).toBeLessThan(1e-6);
        expect(Math.abs(sampleStandardDeviation(sample) - Math.sqrt(squares / (sample.length - 1)))).toBeLessThan(1e-4);
      }),
    );
  });

  it('take typed arrays, and know no error once everything was drawn', () => {
    const sample = Float64Array.of(1, 2, 3, 4);
    expect(mean(sample)).toBe(2.5);
    expect(standardErrorOfMean(sample, 4)).toBe(0);
    expect(standardErrorOfMean(sample, 8)).toBeCloseTo(standardErrorOfMean(sample) * Math.SQRT1_2, 12);
    expect(sampleStandardDeviation([3])).toBe(0);
    expect(standardErrorOfMean([])).toBe(0);
  });
});
