import { describe, expect, it } from 'vitest';
import { gelu, geluDerivative, rsqrt, sigmoid, silu, siluDerivative, softplus, tanh, tanhDerivative } from '../../src/base/index.ts';
import { relativeErrorOfSigmoid, relativeErrorOfSilu } from './exact-exponential.ts';
import { grid, largestError, largestOf } from './largest-error.ts';

/** Slope of f at x by the five-point rule; its own error is about 1e-11. */
function slope(f: (x: number) => number, x: number): number {
  const h = 1e-3;
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

const GRID = Array.from({ length: 20_001 }, (_, i) => -20 + i / 500);
const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS_INFINITY, NaN: NOT_A_NUMBER } = Number;

describe('activations', () => {
  it('sigmoid is within 4e-16 and SiLU within 5e-16 of the truth, computed with 220 bits', () => {
    for (const [from, to] of [
      [-708, 40],
      [-3, 3],
    ] as const) {
      expect(largestOf((x) => relativeErrorOfSigmoid(sigmoid(x), x), grid(from, to, 10_000))).toBeLessThan(4e-16);
      expect(largestOf((x) => relativeErrorOfSilu(silu(x), x), grid(from, to, 10_000))).toBeLessThan(5e-16);
    }
  });

  it('sigmoid is within 1.5e-15 of the engine in both tails', () => {
    const reference = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
    expect(largestError(sigmoid, reference, -708, 40)).toBeLessThan(1.5e-15);
    expect(largestError(sigmoid, reference, -2, 2)).toBeLessThan(1.5e-15);
    expect([sigmoid(0), sigmoid(-0), sigmoid(INFINITY), sigmoid(MINUS_INFINITY)]).toEqual([0.5, 0.5, 1, 0]);
    expect(sigmoid(-740)).toBeCloseTo(Math.exp(-740), 320);
    expect(sigmoid(-740)).toBeGreaterThan(0);
  });

  it('SiLU is x times the sigmoid of the engine, within 2e-15', () => {
    expect(largestError(silu, (x) => x / (1 + Math.exp(-x)), -700, 700)).toBeLessThan(2e-15);
    expect([silu(0), silu(INFINITY), silu(5e-324)]).toEqual([0, INFINITY, 0]);
    expect([silu(-0), silu(-1000)]).toEqual([-0, -0]);
    expect(silu(MINUS_INFINITY)).toBeNaN();
  });

  it('softplus is within 2e-15, also where it is the last bits of e^x', () => {
    const reference = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    for (const [from, to] of [
      [-700, 700],
      [-3, 3],
      [-40, -30],
    ] as const) {
      expect(largestError(softplus, reference, from, to)).toBeLessThan(2e-15);
    }
    expect([softplus(0), softplus(-0), softplus(INFINITY), softplus(MINUS_INFINITY)]).toEqual([Math.LN2, Math.LN2, INFINITY, 0]);
  });

  it('the derivative of tanh is within 1.5e-15 where tanh is long 1', () => {
    expect(largestError(tanhDerivative, (x) => Math.cosh(x) ** -2, -300, 300)).toBeLessThan(1.5e-15);
    expect([tanhDerivative(0), tanhDerivative(-0), tanhDerivative(INFINITY), tanhDerivative(MINUS_INFINITY)]).toEqual([1, 1, 0, 0]);
  });

  it('the derivative of SiLU is within 2e-15', () => {
    const reference = (x: number): number => {
      const s = 1 / (1 + Math.exp(-x));
      return s + (x * Math.exp(-x)) / (1 + Math.exp(-x)) ** 2;
    };
    for (const x of GRID) expect(Math.abs(siluDerivative(x) - reference(x))).toBeLessThan(2e-15);
    expect(siluDerivative(0)).toBe(0.5);
  });

  it('the derivative of GELU is within 3e-15', () => {
    const reference = (x: number): number => {
      const scale = Math.sqrt(2 / Math.PI);
      const t = Math.tanh(scale * (x + 0.044715 * x ** 3));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x);
    };
    for (const x of GRID) expect(Math.abs(geluDerivative(x) - reference(x))).toBeLessThan(3e-15);
    expect(geluDerivative(0)).toBe(0.5);
  });

  it.each([
    ['tanh', tanh, tanhDerivative],
    ['silu', silu, siluDerivative],
    ['gelu', gelu, geluDerivative],
    ['softplus', softplus, sigmoid],
  ] as const)('the derivative of %s is its slope', (_, f, derivative) => {
    for (const x of GRID) expect(Math.abs(derivative(x) - slope(f, x))).toBeLessThan(1e-10);
  });

  it('derivatives saturate without a NaN, however large the argument', () => {
    for (const derivative of [siluDerivative, geluDerivative]) {
      for (const x of [50, 745, 747, 1e160, Number.MAX_VALUE, INFINITY]) {
        expect(derivative(x)).toBe(1);
        expect(derivative(-x)).toBeCloseTo(0, 18);
      }
      expect(derivative(MINUS_INFINITY)).toBe(0);
    }
  });

  it('NaN stays NaN', () => {
    for (const f of [sigmoid, silu, softplus, tanhDerivative, siluDerivative, geluDerivative, rsqrt]) expect(f(NOT_A_NUMBER)).toBeNaN();
  });
});

describe('rsqrt', () => {
  it('is within 2^-52, checked in whole numbers', () => {
    let largest = 0;
    for (let i = 0; i < 20_000; i++) {
      const x = 1 + (3 * i) / 20_000;
      const error = excessOfSquare(x, rsqrt(x)) / 2;
      largest = Math.max(largest, Math.abs(error));
    }
    expect(largest).toBeGreaterThan(2 ** -54);
    expect(largest).toBeLessThanOrEqual(2 ** -52);
  });

  it('is exact for even powers of two, and meets the limits', () => {
    expect([rsqrt(1), rsqrt(4), rsqrt(2 ** -1074), rsqrt(2 ** 1022)]).toEqual([1, 0.5, 2 ** 537, 2 ** -511]);
    expect([rsqrt(0), rsqrt(-0), rsqrt(INFINITY)]).toEqual([INFINITY, MINUS_INFINITY, 0]);
    expect(rsqrt(-1)).toBeNaN();
  });
});

/** x y^2 - 1, exactly rounded once: twice the relative error of y as 1 / sqrt(x); for x in [1, 4] and y in [1/2, 1]. */
function excessOfSquare(x: number, y: number): number {
  const scale = 2 ** 54;
  const exact = BigInt(x * scale) * BigInt(y * scale) ** 2n - BigInt(scale) ** 3n;
  return Number(exact) / scale / scale / scale;
}
