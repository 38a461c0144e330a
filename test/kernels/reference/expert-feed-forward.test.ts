import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BF16,
  bf16Value,
  createExpertActivations,
  type ExpertInputs,
  type ExpertShape,
  expertFeedForward,
  expertFeedForwardBackward,
  F32,
  F64,
  feedForward,
  type HiddenDropout,
  type Numerics,
  planFeedForward,
  type Reals,
} from '../../../src/kernels/index.ts';
import { bf16Elements, planArena } from '../../../src/model/index.ts';
import { fill, memory, tables } from '../support.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

const ACTIVATIONS = ['relu', 'geglu', 'swiglu'] as const;

function drawInputs(numerics: Numerics, { rows, dModel, dExpert, activation }: ExpertShape, seed: number): ExpertInputs {
  const draw = (offset: number, elements: number): Reals => stored(numerics, randomReals(seed + offset, elements));
  const weights = dModel * dExpert;
  const gate = activation === 'relu' ? null : draw(2, weights);
  return { x: draw(1, rows * dModel), weights: { gate, in: draw(3, weights), out: draw(4, weights) }, dropout: null };
}

function runExpert(numerics: Numerics, shape: ExpertShape, inputs: ExpertInputs, dy: Reals) {
  const activations = createExpertActivations(numerics, shape);
  const y = numerics.zeros(shape.rows * shape.dModel).fill(Number.NaN);
  expertFeedForward(numerics, shape, inputs, activations, y);
  const like = (tensor: Reals): Reals => numerics.zeros(tensor.length);
  const { gate, in: inward, out } = inputs.weights;
  const gradients = { dx: like(inputs.x), dGate: gate && like(gate), dIn: like(inward), dOut: like(out) };
  expertFeedForwardBackward(numerics, shape, inputs, activations, dy, gradients);
  return { y, activations, ...gradients };
}

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  dModel: fc.integer({ min: 1, max: 6 }),
  dExpert: fc.integer({ min: 1, max: 7 }),
});

describe('feed-forward network of an expert', () => {
  it.each(['relu', 'geglu'] as const)('with %s has in bf16 the bits of the kernel tables', (activation) => {
    fc.assert(
      fc.property(sizes, fc.nat(1e6), (size, seed) => {
        const shape: ExpertShape = { ...size, activation };
        const { rows, dModel, dExpert } = shape;
        const inputs = drawInputs(BF16, shape, seed);
        const arena = planArena(64);
        const from = (dimensions: readonly number[], values: Reals) => {
          const view = arena.allocate(dimensions, 'bf16');
          let i = 0;
          fill(view, () => values[i++]);
          return view;
        };
        const { weights } = inputs;
        const input = from([rows, dModel], inputs.x);
        const views = {
          gate: weights.gate && from([dModel, dExpert], weights.gate),
          in: from([dModel, dExpert], weights.in),
          out: from([dExpert, dModel], weights.out),
        };
        const output = arena.allocate([rows, dModel], 'bf16');
        const scratch = planFeedForward(arena, tables[0], { ...size, ffnMatrices: activation === 'relu' ? 2 : 3 });
        feedForward(tables[0], input, views, output, scratch);
        const y = BF16.zeros(rows * dModel);
        expertFeedForward(BF16, shape, inputs, createExpertActivations(BF16, shape), y);
        expect(Array.from(y)).toEqual(Array.from(bf16Elements(memory.buffer, output), bf16Value));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it.each(ACTIVATIONS)('with %s has the gradient of its sum, with and without dropout', (activation) => {
    let checked = 0;
    fc.assert(
      fc.property(sizes, fc.nat(1e6), fc.boolean(), (size, seed, drops) => {
        const shape: ExpertShape = { ...size, activation };
        const drawn = drawInputs(F64, shape, seed);
        const { x, weights } = drawn as { readonly x: Float64Array; readonly weights: Weights };
        const tokens = Array.from({ length: size.rows }, (_, row) => row - Number(size.rows > 2));
        const dropout: HiddenDropout | null = drops ? { rate: 0.3, seed, step: 1, layer: 2, expert: 3, tokens } : null;
        const inputs: ExpertInputs = { x, weights, dropout };
        const activations = createExpertActivations(F64, shape);
        expertFeedForward(F64, shape, inputs, activations, F64.zeros(size.rows * size.dModel));
        // Where relu is at its kink differences say nothing, and where nothing is left there is nothing to check.
        fc.pre(activation !== 'relu' || activations.inSums.every((sum) => Math.abs(sum) > 0.01));
        fc.pre(activations.hidden.some((value) => value !== 0));
        const gate: Record<string, Float64Array> = weights.gate === null ? {} : { gate: weights.gate };
        checked += checkGradients({
          inputs: { x, in: weights.in, out: weights.out, ...gate },
          outputs: size.rows * size.dModel,
          forward: (y) => expertFeedForward(F64, shape, inputs, activations, y),
          backward: (dy, gradients) => {
            const own = { dx: gradients.x, dIn: gradients.in, dOut: gradients.out, dGate: gradients.gate ?? null };
            expertFeedForwardBackward(F64, shape, inputs, activations, dy, own);
          },
        });
      }),
      { numRuns: 20, seed: 2 },
    );
    expect(checked).toBeGreaterThan(300);
  });

  it('is exact for relu where that can be said by hand', () => {
    const shape: ExpertShape = { rows: 1, dModel: 2, dExpert: 2, activation: 'relu' };
    const weights = { gate: null, in: Float32Array.of(1, -1, 2, 1), out: Float32Array.of(3, 0.5, 7, 7) };
    const run = runExpert(F32, shape, { x: Float32Array.of(1, 0.5), weights, dropout: null }, Float32Array.of(1, 2));
    // Sums (2, -0.5); the second unit is dead.
    expect(Array.from(run.activations.hidden)).toEqual([2, 0]);
    expect(Array.from(run.y)).toEqual([6, 1]);
    // dHidden of the living unit: 3 x 1 + 0.5 x 2 = 4.
    expect(Array.from(run.dOut)).toEqual([2, 4, 0, 0]);
    expect(Array.from(run.dIn)).toEqual([4, 0, 2, 0]);
    expect(Array.from(run.dx)).toEqual([4, 8]);
  });

  it('has no gradient for relu where what is stored of a positive sum is 0', () => {
    const shape: ExpertShape = { rows: 1, dModel: 1, dExpert: 1, activation: 'relu' };
    const tiny = 2 ** -70;
    const inputs = { x: Float32Array.of(tiny), weights: { gate: null, in: Float32Array.of(tiny), out: Float32Array.of(1) }, dropout: null };
    const [f32, bf16] = [F32, BF16].map((numerics) => runExpert(numerics, shape, inputs, Float32Array.of(1)));
    expect([f32.activations.inSums[0], f32.activations.hidden[0], f32.dIn[0]]).toEqual([tiny ** 2, tiny ** 2, tiny]);
    expect([bf16.activations.inSums[0], bf16.activations.hidden[0], bf16.dIn[0]]).toEqual([tiny ** 2, 0, 0]);
  });

  it('is the gate times the linear part: SwiGLU with x sigmoid(x), GEGLU with the tanh form', () => {
    const inputs = {
      x: Float64Array.of(1),
      weights: { gate: Float64Array.of(2), in: Float64Array.of(3), out: Float64Array.of(5) },
      dropout: null,
    };
    const yOf = (activation: 'geglu' | 'swiglu'): number =>
      runExpert(F64, { rows: 1, dModel: 1, dExpert: 1, activation }, inputs, Float64Array.of(1)).y[0];
    expect(yOf('swiglu')).toBeCloseTo((15 * 2) / (1 + Math.exp(-2)), 12);
    expect(yOf('geglu')).toBeCloseTo(15 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (2 + 0.044715 * 8))), 12);
  });

  it.each(ACTIVATIONS)('with %s is close to F64 in F32 and in bf16', (activation) => {
    const shape: ExpertShape = { rows: 12, dModel: 16, dExpert: 24, activation };
    const inputs = drawInputs(BF16, shape, 9);
    const dy = stored(BF16, randomReals(10, 192));
    const { x, weights } = inputs;
    const wide = (tensor: Reals): Reals => Float64Array.from(tensor);
    const exactInputs = {
      x: wide(x),
      weights: { gate: weights.gate && wide(weights.gate), in: wide(weights.in), out: wide(weights.out) },
      dropout: null,
    };
    const exact = runExpert(F64, shape, exactInputs, wide(dy));
    for (const [numerics, tolerance] of [
      [F32, 1e-6],
      [BF16, 2e-2],
    ] as const) {
      const own = runExpert(numerics, shape, inputs, dy);
      for (const name of ['y', 'dx', 'dIn', 'dOut'] as const)
        expect(relativeDifference(own[name], exact[name]), name).toBeLessThan(tolerance);
      if (numerics === BF16) for (const tensor of [own.y, own.dx, own.activations.hidden]) expectBf16(tensor);
    }
  });

  it('leaves nothing of empty slots, and keeps NaN', () => {
    const shape: ExpertShape = { rows: 3, dModel: 4, dExpert: 5, activation: 'geglu' };
    const full = drawInputs(F32, shape, 11);
    const dy = stored(F32, randomReals(12, 12));
    full.x.fill(0, 4, 8);
    dy.fill(0, 4, 8);
    const run = runExpert(F32, shape, full, dy);
    expect(Array.from(run.y.subarray(4, 8))).toEqual([0, 0, 0, 0]);
    expect(Array.from(run.dx.subarray(4, 8))).toEqual([0, 0, 0, 0]);
    const pick = (tensor: Reals): Reals => Float32Array.of(...tensor.subarray(0, 4), ...tensor.subarray(8));
    const packed = runExpert(F32, { ...shape, rows: 2 }, { ...full, x: pick(full.x) }, pick(dy));
    for (const name of ['dIn', 'dOut', 'dGate'] as const) expect(run[name]).toEqual(packed[name]);

    const relu: ExpertShape = { rows: 1, dModel: 1, dExpert: 1, activation: 'relu' };
    const weights = { gate: null, in: Float32Array.of(1), out: Float32Array.of(1) };
    expect(runExpert(F32, relu, { x: Float32Array.of(Number.NaN), weights, dropout: null }, Float32Array.of(1)).y[0]).toBeNaN();
  });

  it('refuses what does not fit', () => {
    const shape: ExpertShape = { rows: 2, dModel: 3, dExpert: 4, activation: 'geglu' };
    const inputs = drawInputs(F32, shape, 1);
    const run =
      (changed: ExpertInputs, of: ExpertShape = shape) =>
      () =>
        expertFeedForward(F32, of, changed, createExpertActivations(F32, shape), F32.zeros(6));
    expect(run({ ...inputs, x: F32.zeros(5) })).toThrow('expertFeedForward: x must have 6 elements (2 rows x 3), has 5');
    expect(run({ ...inputs, weights: { ...inputs.weights, gate: null } })).toThrow(
      'expertFeedForward: gate must be a tensor for geglu, is null',
    );
    expect(run(inputs, { ...shape, activation: 'relu' })).toThrow('expertFeedForward: gate must be null for relu, is a tensor');
    expect(run({ ...inputs, weights: { ...inputs.weights, out: F32.zeros(1) } })).toThrow(
      'expertFeedForward: out must have 12 elements (dModel 3 x dExpert 4), has 1',
    );
  });
});

interface Weights {
  readonly gate: Float64Array | null;
  readonly in: Float64Array;
  readonly out: Float64Array;
}
