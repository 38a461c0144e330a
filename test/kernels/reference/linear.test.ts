import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, type LinearShape, linear, linearBackward, type Numerics } from '../../../src/kernels/index.ts';
import { naiveMatmul } from '../../../src/kernels/matmul.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  inputs: fc.integer({ min: 1, max: 6 }),
  outputs: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(1e6),
});

interface Run {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  readonly dWeight: ArrayLike<number>;
  readonly dBias: ArrayLike<number>;
}

function run(numerics: Numerics, shape: LinearShape, seed: number): Run {
  const { rows, inputs, outputs } = shape;
  const x = stored(numerics, randomReals(seed, rows * inputs));
  const weight = stored(numerics, randomReals(seed + 1, inputs * outputs));
  const bias = stored(numerics, randomReals(seed + 2, outputs));
  const dy = stored(numerics, randomReals(seed + 3, rows * outputs));
  const y = numerics.zeros(rows * outputs).fill(Number.NaN);
  linear(numerics, shape, { x, weight, bias }, y);
  const gradients = { dx: numerics.zeros(rows * inputs), dWeight: numerics.zeros(inputs * outputs), dBias: numerics.zeros(outputs) };
  linearBackward(numerics, shape, { x, weight }, dy, gradients);
  return { y, ...gradients };
}

describe('linear', () => {
  it('gives a product that was computed by hand', () => {
    const shape = { rows: 2, inputs: 2, outputs: 3 };
    const x = Float64Array.of(1, 2, 3, 4);
    const weight = Float64Array.of(1, 0, -1, 2, 5, 10);
    const y = new Float64Array(6);
    linear(F64, shape, { x, weight, bias: Float64Array.of(100, 200, 300) }, y);
    expect(Array.from(y)).toEqual([105, 210, 319, 111, 220, 337]);
    linear(F64, shape, { x, weight, bias: null }, y);
    expect(Array.from(y)).toEqual([5, 10, 19, 11, 20, 37]);
    const gradients = { dx: new Float64Array(4), dWeight: new Float64Array(6).fill(1000), dBias: new Float64Array(3) };
    linearBackward(F64, shape, { x, weight }, Float64Array.of(1, 0, 2, 0, 1, 0), gradients);
    expect(Array.from(gradients.dx)).toEqual([-1, 22, 0, 5]);
    expect(Array.from(gradients.dWeight)).toEqual([1001, 1003, 1002, 1002, 1004, 1004]);
    expect(Array.from(gradients.dBias)).toEqual([1, 1, 2]);
  });

  it('has the gradient of finite differences', () => {
    let looked = 0;
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const x = randomReals(seed, shape.rows * shape.inputs);
        const weight = randomReals(seed + 1, shape.inputs * shape.outputs);
        const bias = randomReals(seed + 2, shape.outputs);
        looked += checkGradients({
          inputs: { x, weight, bias },
          outputs: shape.rows * shape.outputs,
          forward: (y) => linear(F64, shape, { x, weight, bias }, y),
          backward: (dy, { x: dx, weight: dWeight, bias: dBias }) => linearBackward(F64, shape, { x, weight }, dy, { dx, dWeight, dBias }),
        });
      }),
      { numRuns: 25, seed: 5 },
    );
    expect(looked).toBeGreaterThan(500);
  });

  it('in f32 has the bits of the naive matrix product, and is close to f64', () => {
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const { rows, inputs, outputs } = shape;
        const x = Float32Array.from(randomReals(seed, rows * inputs));
        const weight = Float32Array.from(randomReals(seed + 1, inputs * outputs));
        const own = new Float32Array(rows * outputs);
        const oracle = new Float32Array(rows * outputs);
        linear(F32, shape, { x, weight, bias: null }, own);
        naiveMatmul(x, weight, oracle, rows, inputs, outputs);
        expect(own).toEqual(oracle);
      }),
      { numRuns: 50, seed: 6 },
    );
    const shape = { rows: 9, inputs: 40, outputs: 12 };
    const own = run(F32, shape, 1);
    const exact = run(F64, shape, 1);
    for (const name of ['y', 'dx', 'dWeight', 'dBias'] as const) expect(relativeDifference(own[name], exact[name])).toBeLessThan(1e-6);
  });

  it('hands on bf16 numbers, rounded once from f32 sums; weight gradients stay f32', () => {
    const shape = { rows: 7, inputs: 33, outputs: 10 };
    const own = run(BF16, shape, 2);
    expectBf16(own.y);
    expectBf16(own.dx);
    expect(() => expectBf16(own.dWeight)).toThrow();
    const exact = run(F64, shape, 2);
    expect(relativeDifference(own.y, exact.y)).toBeLessThan(2 ** -7);
    // 256 + 1 + 1: a sum in bf16 would stay at 256.
    const y = new Float32Array(1);
    linear(BF16, { rows: 1, inputs: 3, outputs: 1 }, { x: Float32Array.of(256, 1, 1), weight: Float32Array.of(1, 1, 1), bias: null }, y);
    expect(y[0]).toBe(258);
    // 257 + 1: rounding before the bias would give 256, then 257, which is a tie with 256.
    const biased = { x: Float32Array.of(256, 1), weight: Float32Array.of(1, 1), bias: Float32Array.of(1) };
    linear(BF16, { rows: 1, inputs: 2, outputs: 1 }, biased, y);
    expect(y[0]).toBe(258);
  });

  it.each([
    ['f32', F32],
    ['bf16', BF16],
  ])('in %s gives the same weight gradients when a batch is cut into calls', (_name, numerics) => {
    const shape = { rows: 6, inputs: 5, outputs: 4 };
    const whole = run(numerics, shape, 3);
    const x = stored(numerics, randomReals(3, 30));
    const weight = stored(numerics, randomReals(4, 20));
    const dy = stored(numerics, randomReals(6, 24));
    const dWeight = numerics.zeros(20);
    const dBias = numerics.zeros(4);
    for (const [from, to] of [
      [0, 2],
      [2, 6],
    ]) {
      const rows = to - from;
      const part = { x: x.subarray(from * 5, to * 5), weight };
      linearBackward(numerics, { ...shape, rows }, part, dy.subarray(from * 4, to * 4), { dx: numerics.zeros(rows * 5), dWeight, dBias });
    }
    expect(dWeight).toEqual(whole.dWeight);
    expect(dBias).toEqual(whole.dBias);
  });

  it('names what does not fit', () => {
    const shape = { rows: 2, inputs: 3, outputs: 1 };
    const [x, weight, y] = [new Float64Array(6), new Float64Array(3), new Float64Array(2)];
    expect(() => linear(F64, shape, { x: y, weight, bias: null }, y)).toThrow('linear: x must have 6 elements (2 rows x 3 inputs), has 2');
    expect(() => linear(F64, { ...shape, inputs: 0 }, { x, weight, bias: null }, y)).toThrow(
      'linear: inputs must be a whole number of at least 1, is 0',
    );
    expect(() => linearBackward(F64, shape, { x, weight }, y, { dx: x, dWeight: x, dBias: null })).toThrow(
      'linearBackward: dWeight must have 3 elements (3 inputs x 1 outputs), has 6',
    );
  });
});
