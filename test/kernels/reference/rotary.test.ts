import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, type Numerics, type RotaryShape, rotary, rotaryAngles, rotaryBackward } from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

function anglesOf(numerics: Numerics, shape: RotaryShape, positions: Int32Array) {
  const size = (shape.rows * shape.headDim) / 2;
  const angles = { cosines: numerics.zeros(size).fill(Number.NaN), sines: numerics.zeros(size).fill(Number.NaN) };
  rotaryAngles(numerics, shape, positions, angles);
  return angles;
}

function turned(numerics: Numerics, shape: RotaryShape, positions: number[], x: ArrayLike<number>) {
  const y = numerics.zeros(x.length).fill(Number.NaN);
  rotary(numerics, shape, stored(numerics, x), anglesOf(numerics, shape, Int32Array.from(positions)), y);
  return y;
}

describe('rotary position embedding', () => {
  it('turns element d with element d + D/2 (the half-split layout)', () => {
    // D = 4, position 100: angles 100 and 100 / 10,000^(1/2) = 1.
    const y = turned(F64, { rows: 1, heads: 1, headDim: 4 }, [100], [1, 0, 0, 2]);
    [Math.cos(100), -2 * Math.sin(1), Math.sin(100), 2 * Math.cos(1)].forEach((value, d) => {
      expect(y[d]).toBeCloseTo(value, 14);
    });
  });

  it('has the frequencies base^(-2a/D)', () => {
    const shape = { rows: 1, heads: 1, headDim: 128, base: 500_000 };
    const { sines } = anglesOf(F64, shape, Int32Array.of(1));
    sines.forEach((sine, a) => {
      expect(sine).toBeCloseTo(Math.sin(500_000 ** ((-2 * a) / 128)), 14);
    });
  });

  it('leaves position 0 as it is, to the bit, in every arithmetic', () => {
    for (const numerics of [F64, F32, BF16]) {
      const x = stored(numerics, randomReals(31, 12));
      expect(turned(numerics, { rows: 1, heads: 3, headDim: 4 }, [0], x)).toEqual(x);
    }
  });

  it('makes products of queries and keys depend on their distance alone', () => {
    const shape = { rows: 1, heads: 1, headDim: 16 };
    const [q, k] = [randomReals(32, 16), randomReals(33, 16)];
    const score = (query: number, key: number): number => {
      const turnedKey = turned(F64, shape, [key], k);
      const turnedQuery = Array.from(turned(F64, shape, [query], q));
      return turnedQuery.reduce((sum, value, d) => sum + value * turnedKey[d], 0);
    };
    expect(score(131071, 131060)).toBeCloseTo(score(11, 0), 10);
    expect(Math.abs(score(11, 0) - score(12, 0))).toBeGreaterThan(1e-3);
  });

  it('keeps digits at far positions: f32 is close to f64 there', () => {
    const shape = { rows: 2, heads: 2, headDim: 64 };
    const x = randomReals(34, 256);
    const exact = turned(F64, shape, [131071, 100003], x);
    expect(relativeDifference(turned(F32, shape, [131071, 100003], x), exact)).toBeLessThan(2e-7);
    const rounded = turned(BF16, shape, [131071, 100003], x);
    expectBf16(rounded);
    expect(relativeDifference(rounded, exact)).toBeLessThan(2 ** -7);
  });

  it('turns every head of a row by the position of the row', () => {
    const shape = { rows: 3, heads: 2, headDim: 4 };
    const x = randomReals(36, 24);
    const together = turned(F32, shape, [5, 0, 9], x);
    [5, 0, 9].forEach((position, r) => {
      const alone = turned(F32, { ...shape, rows: 1 }, [position], x.subarray(r * 8, r * 8 + 8));
      expect(together.subarray(r * 8, r * 8 + 8)).toEqual(alone);
      const firstHead = turned(F32, { ...shape, rows: 1, heads: 1 }, [position], x.subarray(r * 8, r * 8 + 4));
      expect(alone.subarray(0, 4)).toEqual(firstHead);
    });
  });

  it('works in place', () => {
    const shape = { rows: 2, heads: 1, headDim: 4 };
    const x = randomReals(35, 8);
    const y = turned(F64, shape, [3, 4], x);
    rotary(F64, shape, x, anglesOf(F64, shape, Int32Array.of(3, 4)), x);
    expect(x).toEqual(y);
  });

  it('has the gradient of finite differences, which is the opposite turn', () => {
    let looked = 0;
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), (seed, heads, half) => {
        const shape = { rows: 2, heads, headDim: 2 * half };
        const angles = anglesOf(F64, shape, Int32Array.of(seed, seed + 1));
        const x = randomReals(seed, 2 * heads * shape.headDim);
        looked += checkGradients({
          inputs: { x },
          outputs: x.length,
          forward: (y) => rotary(F64, shape, x, angles, y),
          backward: (dy, { x: dx }) => rotaryBackward(F64, shape, angles, dy, dx),
        });
        const y = new Float64Array(x.length);
        rotary(F64, shape, x, angles, y);
        const back = new Float64Array(x.length);
        rotaryBackward(F64, shape, angles, y, back);
        expect(relativeDifference(back, x)).toBeLessThan(1e-14);
      }),
      { numRuns: 20, seed: 9 },
    );
    expect(looked).toBeGreaterThan(200);
  });

  it('refuses heads that cannot be halved', () => {
    const angles = { cosines: new Float64Array(3), sines: new Float64Array(3) };
    expect(() => rotaryAngles(F64, { rows: 2, heads: 1, headDim: 3 }, new Int32Array(2), angles)).toThrow(
      'rotaryAngles: headDim must be even, as elements turn in pairs, is 3',
    );
    expect(() => rotary(F64, { rows: 2, heads: 1, headDim: 4 }, new Float64Array(8), angles, new Float64Array(8))).toThrow(
      'rotary: cosines must have 4 elements (2 rows x 2 angles), has 3',
    );
    expect(() => rotaryAngles(F64, { rows: 3, heads: 1, headDim: 2, base: 1 }, new Int32Array(3), angles)).toThrow(
      'rotaryAngles: base must be finite and above 1, is 1',
    );
  });
});
