import { describe, expect, it } from 'vitest';
import { exp, gelu, log, tanh } from '../../src/base/index.ts';
import { expF32 } from '../../src/kernels/exp-f32.ts';
import { geluExponent, relativeErrorOfExp, relativeErrorOfGelu, relativeErrorOfLog, relativeErrorOfTanh } from './exact-exponential.ts';
import { binades, grid, largestError, largestErrorAt, largestOf } from './largest-error.ts';

/** Halfway between multiples of ln 2, where the argument that is left is largest, and next to it. */
function* halfMultiplesOfLn2(): Generator<number> {
  for (let n = -1021; n < 1023; n++) for (const beside of [-1e-3, -1e-9, 0, 1e-9, 1e-3]) yield (n + 0.5) * Math.LN2 + beside;
}

/** The doubles next to 1, whose logarithm is all that is left of them. */
function* nextToOne(): Generator<number> {
  for (let i = 1; i <= 2_000; i++) {
    yield 1 + i * 2 ** -52;
    yield 1 - i * 2 ** -53;
    yield 1 + i * 2 ** -40;
  }
}

describe('elementary functions against 220-bit arithmetic', () => {
  it('exp is within 2e-16 of the truth wherever the result is a normal number', () => {
    for (const points of [grid(-708, 709.7, 15_000), grid(-1, 1, 10_000), halfMultiplesOfLn2(), binades(-60, -1, 40)])
      expect(largestOf((x) => relativeErrorOfExp(exp(x), x), points)).toBeLessThan(2e-16);
  });

  it('log is within 2e-16 of the truth in every binade, subnormal ones too, at the ends of the reduced range and next to 1', () => {
    for (const points of [binades(-1074, 1023, 8), grid(0.7, 1.42, 10_000), grid(0.999, 1.001, 5_000), nextToOne()])
      expect(largestOf((x) => relativeErrorOfLog(log(x), x), points)).toBeLessThan(2e-16);
  });

  it('tanh is within 3e-16 of the truth', () => {
    for (const points of [grid(-23, 23, 10_000), grid(-0.7, 0.7, 10_000), grid(0.624, 0.626, 2_000), binades(-60, -1, 40)])
      expect(largestOf((x) => relativeErrorOfTanh(tanh(x), x), points)).toBeLessThan(3e-16);
  });

  it('GELU is within 5e-16 of the truth, times 2|u| where it falls as e^2u', () => {
    const share = (x: number): number => relativeErrorOfGelu(gelu(x), x) / Math.max(1, -geluExponent(x));
    for (const points of [grid(-20, 20, 10_000), grid(-2, 2, 10_000), binades(-40, 2, 40)])
      expect(largestOf(share, points)).toBeLessThan(5e-16);
  });
});

describe('elementary functions', () => {
  it('exp is within 4e-16 of the engine over all normal results', () => {
    expect(largestError(exp, Math.exp, -708, 709.7)).toBeLessThan(4e-16);
    expect(largestError(exp, Math.exp, -1, 1)).toBeLessThan(4e-16);
  });

  it('exp is a number for every argument near underflow: the nearest multiple of the smallest double, or the next', () => {
    for (let x = -746; x <= -708; x += 1 / 1024) {
      const difference = Math.abs(exp(x) - Math.exp(x));
      if (!(difference <= Math.max(2 ** -1074, 4e-16 * exp(x)))) expect.fail(`exp(${x}) is ${exp(x)}`);
    }
    expect([exp(-745.1332191019411), exp(-745), exp(-745.2)]).toEqual([5e-324, 5e-324, 0]);
  });

  it('log is within 4e-16 of the engine, also next to 1 and for subnormals', () => {
    expect(largestError(log, Math.log, 1e-3, 4)).toBeLessThan(4e-16);
    expect(largestError(log, Math.log, 0.99, 1.01)).toBeLessThan(4e-16);
    expect(largestErrorAt(log, Math.log, binades(-1074, 1023, 100))).toBeLessThan(4e-16);
  });

  it('tanh is within 1e-15 of the engine', () => {
    expect(largestError(tanh, Math.tanh, -25, 25)).toBeLessThan(1e-15);
    expect(largestError(tanh, Math.tanh, -1e-3, 1e-3)).toBeLessThan(1e-15);
  });

  it('GELU follows its tanh form where that does not cancel', () => {
    const form = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    expect(largestError(gelu, form, -2, 10)).toBeLessThan(1e-14);
    expect(gelu(-100)).toBe(-0);
    expect(gelu(100)).toBe(100);
  });

  it('meets the limits', () => {
    expect([exp(0), exp(Number.NEGATIVE_INFINITY), exp(710), exp(-746)]).toEqual([1, 0, Number.POSITIVE_INFINITY, 0]);
    expect(exp(709.78)).toBeLessThan(Number.MAX_VALUE);
    expect([log(0), log(1), log(Number.POSITIVE_INFINITY)]).toEqual([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]);
    expect(tanh(-0)).toBe(-0);
    expect([tanh(1e9), tanh(-1e9)]).toEqual([1, -1]);
    for (const value of [exp(Number.NaN), log(Number.NaN), log(-1), tanh(Number.NaN), gelu(Number.NaN)]) expect(value).toBeNaN();
  });

  it('exp in f32 is within 1.5e-7 for the range of a softmax, and 0 below it', () => {
    const own = (x: number): number => expF32(Math.fround(x));
    expect(largestError(own, (x) => Math.exp(Math.fround(x)), -87, 0)).toBeLessThan(1.5e-7);
    expect(expF32(0)).toBe(1);
    expect([expF32(-87.5), expF32(Number.NEGATIVE_INFINITY)]).toEqual([0, 0]);
    expect(expF32(Number.NaN)).toBeNaN();
  });
});
