import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, roundToBf16 } from '../../src/kernels/index.ts';
import { draws } from './support.ts';

/** Exact: every double used here is a whole multiple of 2^-200. */
const SCALE = 2 ** 200;
const exactly = (x: number): bigint => BigInt(x * SCALE);

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Halfway points of a positive f32 to its neighbours; doubles hold them. */
function halfways(value: number): { readonly below: number; readonly above: number; readonly even: boolean } {
  float[0] = value;
  const own = bits[0];
  const at = (offset: number): number => {
    bits[0] = own + offset;
    return float[0];
  };
  return { below: (value + at(-1)) / 2, above: (value + at(1)) / 2, even: own % 2 === 0 };
}

/** Positive f32 over 60 binades; every other one has few digits, so that ties come up. */
function operands(seed: number, count: number): [number, number][] {
  const next = draws(seed);
  const one = (): number => {
    const digits = 2 ** (next() > 0 ? 23 : 5);
    return ((Math.floor((next() + 1) * 0.5 * digits) + digits) / digits) * 2 ** Math.floor(next() * 30);
  };
  return Array.from({ length: count }, () => [one(), one()]);
}

const OPERATIONS = [
  { name: 'sum', own: (a: number, b: number) => a + b, compare: (m: number, a: number, b: number) => exactly(a) + exactly(b) - exactly(m) },
  {
    name: 'product',
    own: (a: number, b: number) => a * b,
    compare: (m: number, a: number, b: number) => exactly(a) * exactly(b) - exactly(m) * exactly(1),
  },
  {
    name: 'quotient',
    own: (a: number, b: number) => a / b,
    compare: (m: number, a: number, b: number) => exactly(a) * exactly(1) - exactly(m) * exactly(b),
  },
  {
    name: 'root',
    own: (a: number) => Math.sqrt(a),
    compare: (m: number, a: number) => exactly(a) * exactly(1) - exactly(m) * exactly(m),
  },
] as const;

describe('arithmetic of f32', () => {
  it.each(OPERATIONS)('a $name of doubles, rounded, is the f32 nearest to the exact one, ties to even', ({ name, own, compare }) => {
    let ties = 0;
    for (const [a, b] of operands(name.length, 20_000)) {
      const result = F32.round(own(a, b));
      const { below, above, even } = halfways(result);
      const [overBelow, overAbove] = [compare(below, a, b), compare(above, a, b)];
      const isTie = overBelow === 0n || overAbove === 0n;
      if (!(overBelow >= 0n && overAbove <= 0n && (even || !isTie))) expect.fail(`${name} of ${a} and ${b} is not ${result}`);
      if (isTie) ties += 1;
    }
    // A quotient or root of two f32 never lies halfway.
    if (name === 'sum' || name === 'product') expect(ties).toBeGreaterThan(20);
    else expect(ties).toBe(0);
  });

  it('a sum of f32 numbers in f32 differs from one in f64, so rounding each step shows', () => {
    const next = draws(9);
    const values = Array.from({ length: 1000 }, () => Math.fround(next() + 1));
    const sum = (round: (value: number) => number): number => values.reduce((total, value) => round(total + value), 0);
    expect(sum(F32.round)).not.toBe(Math.fround(sum(F64.round)));
    expect(sum(F32.round)).toBe(sum(BF16.round));
  });
});

describe('the three arithmetics', () => {
  it('hold what they hand on, and nothing finer', () => {
    for (const [a] of operands(5, 2_000)) {
      const fine = a + a * 2 ** -30;
      expect(F64.store(fine)).toBe(fine);
      expect(F32.store(fine)).toBe(Math.fround(fine));
      expect(BF16.store(fine)).toBe(roundToBf16(Math.fround(fine)));
      for (const numerics of [F32, BF16]) {
        expect(Math.fround(numerics.exp(Math.fround(-a)))).toBe(numerics.exp(Math.fround(-a)));
        const tensor = numerics.zeros(1);
        tensor[0] = numerics.store(fine);
        expect(tensor[0]).toBe(numerics.store(fine));
      }
    }
    expect([F64, F32, BF16].map(({ zeros }) => zeros(3).constructor)).toEqual([Float64Array, Float32Array, Float32Array]);
  });

  it('agree on e^x to their own digits', () => {
    for (let x = -86; x <= 0; x += 1 / 64) {
      expect(Math.abs(F32.exp(x) / F64.exp(x) - 1)).toBeLessThan(1.5e-7);
      expect(BF16.exp(x)).toBe(F32.exp(x));
    }
  });
});
