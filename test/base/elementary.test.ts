import { describe, expect, it } from 'vitest';
import { exp, gelu, log, tanh } from '../../src/base/index.ts';
import { expF32 } from '../../src/kernels/exp-f32.ts';
import { largestError } from './largest-error.ts';

describe('elementary functions', () => {
  it('exp is within 4e-16 over all normal results', () => {
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

  it('log is within 4e-16, also next to 1 and for subnormals', () => {
    expect(largestError(log, Math.log, 1e-3, 4)).toBeLessThan(4e-16);
    expect(largestError(log, Math.log, 0.99, 1.01)).toBeLessThan(4e-16);
    expect(largestError(log, Math.log, 1, 1e300)).toBeLessThan(4e-16);
    expect(log(5e-324)).toBeCloseTo(Math.log(5e-324), 10);
  });

  it('tanh is within 1e-15', () => {
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
