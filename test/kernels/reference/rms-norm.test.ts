import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, type Numerics, type RmsNormShape, rmsNorm, rmsNormBackward } from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

function run(numerics: Numerics, shape: RmsNormShape, seed: number) {
  const { rows, dModel } = shape;
  const x = stored(numerics, randomReals(seed, rows * dModel, 3));
  const gain = stored(numerics, randomReals(seed + 1, dModel));
  const dy = stored(numerics, randomReals(seed + 2, rows * dModel));
  const y = numerics.zeros(rows * dModel).fill(Number.NaN);
  const inverseRms = numerics.zeros(rows).fill(Number.NaN);
  rmsNorm(numerics, shape, { x, gain }, { y, inverseRms });
  const dx = numerics.zeros(rows * dModel);
  const dGain = numerics.zeros(dModel);
  rmsNormBackward(numerics, shape, { x, gain }, inverseRms, dy, { dx, dGain });
  return { y, inverseRms, dx, dGain };
}

describe('RMS norm', () => {
  it('gives a row that was computed by hand', () => {
    // Mean square of (3, 4, 0, 0) is 6.25; with epsilon 6.250001.
    const r = 1 / Math.sqrt(6.250001);
    const [y, inverseRms] = [new Float64Array(4), new Float64Array(1)];
    const x = Float64Array.of(3, 4, 0, 0);
    const gain = Float64Array.of(1, 2, 3, 4);
    rmsNorm(F64, { rows: 1, dModel: 4 }, { x, gain }, { y, inverseRms });
    expect(Array.from(y)).toEqual([3 * r, 4 * r * 2, 0, 0]);
    expect(inverseRms[0]).toBe(r);
    // dy = (1, 0, 0, 0): dn = (1, 0, 0, 0), the mean of dn x r is 3r/4.
    const [dx, dGain] = [new Float64Array(4), new Float64Array(4)];
    rmsNormBackward(F64, { rows: 1, dModel: 4 }, { x, gain }, inverseRms, Float64Array.of(1, 0, 0, 0), { dx, dGain });
    [r * (1 - (3 * r * 3 * r) / 4), r * -((4 * r * 3 * r) / 4), 0, 0].forEach((value, d) => {
      expect(dx[d]).toBeCloseTo(value, 15);
    });
    expect(Array.from(dGain)).toEqual([3 * r, 0, 0, 0]);
  });

  it('has the gradient of finite differences', () => {
    let looked = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 9 }), fc.nat(1e6), (rows, dModel, seed) => {
        const shape = { rows, dModel };
        const x = randomReals(seed, rows * dModel, 2);
        const gain = randomReals(seed + 1, dModel);
        const inverseRms = new Float64Array(rows);
        looked += checkGradients({
          inputs: { x, gain },
          outputs: rows * dModel,
          forward: (y) => rmsNorm(F64, shape, { x, gain }, { y, inverseRms }),
          backward: (dy, { x: dx, gain: dGain }) => rmsNormBackward(F64, shape, { x, gain }, inverseRms, dy, { dx, dGain }),
        });
      }),
      { numRuns: 25, seed: 7 },
    );
    expect(looked).toBeGreaterThan(300);
  });

  it('in f32 is close to f64', () => {
    const shape = { rows: 5, dModel: 64 };
    const own = run(F32, shape, 11);
    const exact = run(F64, shape, 11);
    for (const name of ['y', 'inverseRms', 'dx', 'dGain'] as const) expect(relativeDifference(own[name], exact[name])).toBeLessThan(2e-6);
  });

  it('in bf16 rounds what it hands on and keeps statistics and weight gradients in f32', () => {
    const shape = { rows: 5, dModel: 64 };
    const own = run(BF16, shape, 12);
    expectBf16(own.y);
    expectBf16(own.dx);
    for (const statistics of [own.inverseRms, own.dGain]) expect(() => expectBf16(statistics)).toThrow();
    const exact = run(F64, shape, 12);
    for (const name of ['y', 'dx', 'dGain'] as const) expect(relativeDifference(own[name], exact[name])).toBeLessThan(2 ** -6);
    expect(relativeDifference(own.inverseRms, exact.inverseRms)).toBeLessThan(2 ** -8);
  });

  it('in bf16 rounds the normed row before it meets the gain, as T5X does', () => {
    // 3 / sqrt(5) = 1.3416 becomes 1.34375; times 1.125 it lies between two bf16 numbers and goes to the even one. Rounded once: 1.5078125.
    const y = new Float32Array(2);
    const gain = Float32Array.of(1, 1.125);
    rmsNorm(BF16, { rows: 1, dModel: 2 }, { x: Float32Array.of(1, 3), gain }, { y, inverseRms: new Float32Array(1) });
    expect(Array.from(y)).toEqual([0.447265625, 1.515625]);
  });

  it('does not divide by zero, and is nearly blind to the size of a row', () => {
    const shape = { rows: 2, dModel: 3 };
    const x = Float64Array.of(0, 0, 0, 1e6, -2e6, 3e6);
    const [y, inverseRms] = [new Float64Array(6), new Float64Array(2)];
    rmsNorm(F64, shape, { x, gain: Float64Array.of(1, 1, 1) }, { y, inverseRms });
    expect(Array.from(y.subarray(0, 3))).toEqual([0, 0, 0]);
    expect(inverseRms[0]).toBeCloseTo(1000, 9);
    const meanSquare = y.subarray(3).reduce((sum, value) => sum + value * value, 0) / 3;
    expect(meanSquare).toBeCloseTo(1, 12);
  });

  it('names what does not fit', () => {
    const x = new Float64Array(10);
    const outputs = { y: x, inverseRms: new Float64Array(3) };
    expect(() => rmsNorm(F64, { rows: 3, dModel: 4 }, { x, gain: new Float64Array(4) }, outputs)).toThrow(
      'rmsNorm: x must have 12 elements (3 rows x 4 dModel), has 10',
    );
    expect(() => rmsNorm(F64, { rows: 3, dModel: 0 }, { x, gain: x }, outputs)).toThrow('rmsNorm: dModel must be a whole number');
  });
});
