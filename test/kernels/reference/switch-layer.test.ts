import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AssignmentFunction,
  type AssignmentRows,
  BF16,
  DISPATCH_FORMS,
  type ExpertScores,
  F32,
  F64,
  JITTER_EPSILON,
  type Numerics,
  type Reals,
  type SwitchLayerGradients,
  type SwitchLayerInputs,
  type SwitchLayerOptions,
  type SwitchLayerRun,
  type SwitchLayerShape,
  switchLayer,
  switchLayerBackward,
} from '../../../src/kernels/index.ts';
import { type Assignment, createRouter, type RouterGradient, type RouterInput } from '../../../src/routing/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, relativeDifference, stored } from './tensors.ts';

const globalTokens = (tokens: number): number[] => Array.from({ length: tokens }, (_, s) => 1000 + s);

const PLAIN: Omit<SwitchLayerOptions, 'router'> = {
  dispatch: DISPATCH_FORMS.scatter,
  assignment: null,
  auxiliaryCoefficient: 0.01,
  zCoefficient: 0.001,
  expertDropout: null,
};

function optionsFor(tokens: number, changes: Partial<SwitchLayerOptions> = {}): SwitchLayerOptions {
  return { ...PLAIN, router: { precision: 'f32', layer: 3, tokens: globalTokens(tokens), jitter: null }, ...changes };
}

interface Outcome {
  readonly y: Reals;
  readonly run: SwitchLayerRun;
  readonly gradients: SwitchLayerGradients;
}

function train(numerics: Numerics, shape: SwitchLayerShape, options: SwitchLayerOptions, inputs: SwitchLayerInputs, dy: Reals): Outcome {
  const y = numerics.zeros(shape.tokens * shape.dModel).fill(Number.NaN);
  const run = switchLayer(numerics, shape, options, inputs, y);
  const like = (tensor: Reals): Reals => numerics.zeros(tensor.length);
  const { gate } = inputs.experts;
  const gradients = {
    dx: like(inputs.x),
    dRouter: like(inputs.router),
    dGate: gate && like(gate),
    dIn: like(inputs.experts.in),
    dOut: like(inputs.experts.out),
  };
  switchLayerBackward(numerics, shape, options, inputs, run, dy, gradients);
  return { y, run, gradients };
}

/** A layer of random tensors, scaled so that hidden activations are of order 1. */
function randomLayer(numerics: Numerics, shape: SwitchLayerShape, seed: number): { inputs: SwitchLayerInputs; dy: Reals } {
  const { tokens, dModel, dExpert, experts, activation } = shape;
  const draw = (offset: number, elements: number, scale = 1): Reals => stored(numerics, randomReals(seed + offset, elements, scale));
  const weights = experts * dModel * dExpert;
  return {
    inputs: {
      x: draw(1, tokens * dModel),
      // The router's weight stays f32 whatever the layer computes in.
      router: stored(numerics.name === 'bf16' ? F32 : numerics, randomReals(seed + 2, dModel * experts)),
      experts: { gate: activation === 'relu' ? null : draw(3, weights), in: draw(4, weights), out: draw(5, weights) },
    },
    dy: draw(6, tokens * dModel),
  };
}

/** That it gives every golden number is what test/conformance holds; here what is known without them. */
describe('Switch layer in any form', () => {
  const ACTIVATIONS = ['relu', 'geglu', 'swiglu'] as const;

  it('has the same bits under every form of dispatch, forward and backward, with dropout and jitter', () => {
    const sizes = fc.record({
      tokens: fc.integer({ min: 1, max: 9 }),
      dModel: fc.integer({ min: 1, max: 5 }),
      dExpert: fc.integer({ min: 1, max: 5 }),
      experts: fc.integer({ min: 1, max: 4 }),
      expertCapacity: fc.integer({ min: 1, max: 4 }),
      activation: fc.constantFrom(...ACTIVATIONS),
    });
    let dropped = 0;
    fc.assert(
      fc.property(sizes, fc.nat(1e6), fc.constantFrom(F32, BF16), (shape, seed, numerics) => {
        const { inputs, dy } = randomLayer(numerics, shape, seed);
        const tokens = globalTokens(shape.tokens);
        const options = optionsFor(shape.tokens, {
          router: { precision: 'f32', layer: 1, tokens, jitter: { epsilon: JITTER_EPSILON, seed, step: 5 } },
          expertDropout: { rate: 0.4, seed, step: 5, layer: 1 },
        });
        const [first, ...others] = Object.values(DISPATCH_FORMS).map((dispatch) => {
          const { y, run, gradients } = train(numerics, shape, { ...options, dispatch }, inputs, dy);
          dropped += run.rows.slot.filter((slot) => slot < 0).length;
          return [y, ...Object.values(gradients), Float64Array.of(run.auxiliaryLoss, run.zLoss)].map((tensor) => Array.from(tensor ?? []));
        });
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(dropped).toBeGreaterThan(50);
  });

  it.each(ACTIVATIONS)('has the gradient of its losses with %s experts', (activation) => {
    let checked = 0;
    for (let seed = 1; checked < 3; seed++) {
      const shape: SwitchLayerShape = { tokens: 6, dModel: 3, dExpert: 4, experts: 3, expertCapacity: 2, activation };
      const { inputs } = randomLayer(F64, shape, 31 * seed);
      const router = { precision: 'f32', layer: 2, tokens: globalTokens(6), jitter: { epsilon: 0.2, seed, step: 1 } } as const;
      const at = (dLoss: number): SwitchLayerOptions =>
        optionsFor(6, { router, auxiliaryCoefficient: 0.7 * dLoss, zCoefficient: 0.3 * dLoss, dispatch: DISPATCH_FORMS.sort });
      const losses = shape.tokens * shape.dModel;
      let run = switchLayer(F64, shape, at(1), inputs, F64.zeros(losses));
      // Differences must not move a token to another expert, nor a sum across the kink of relu.
      if (!farFromKinks(run, shape.experts)) continue;
      const { x, router: weight, experts } = inputs as Tensors;
      const gate: Record<string, Float64Array> = experts.gate === null ? {} : { gate: experts.gate };
      const count = checkGradients({
        inputs: { x, router: weight, in: experts.in, out: experts.out, ...gate },
        outputs: losses + 1,
        step: 2 ** -12,
        forward: (y) => {
          run = switchLayer(F64, shape, at(1), inputs, y.subarray(0, losses));
          y[losses] = run.auxiliaryLoss + run.zLoss;
        },
        backward: (dy, gradients) => {
          const { x: dx, router: dRouter, in: dIn, out: dOut } = gradients;
          const own = { dx, dRouter, dIn, dOut, dGate: gradients.gate ?? null };
          switchLayerBackward(F64, shape, at(dy[losses]), inputs, run, dy.subarray(0, losses), own);
        },
      });
      expect(count).toBeGreaterThan(losses + 9);
      checked++;
    }
  });

  it('gives the router a gradient through the gate alone', () => {
    const shape: SwitchLayerShape = { tokens: 8, dModel: 4, dExpert: 3, experts: 3, expertCapacity: 8, activation: 'geglu' };
    const { inputs, dy } = randomLayer(F32, shape, 5);
    const { gradients } = train(F32, shape, optionsFor(8, { auxiliaryCoefficient: 0, zCoefficient: 0 }), inputs, dy);
    expect(gradients.dRouter.filter((value) => Math.abs(value) > 1e-4).length).toBe(gradients.dRouter.length);
  });

  it('gives a dropped token 0, and a gradient through the router alone', () => {
    const shape: SwitchLayerShape = { tokens: 3, dModel: 2, dExpert: 2, experts: 1, expertCapacity: 1, activation: 'relu' };
    const { inputs, dy } = randomLayer(F32, shape, 8);
    const { y, run, gradients } = train(F32, shape, optionsFor(3, { zCoefficient: 0 }), inputs, dy);
    expect(Array.from(run.rows.slot)).toEqual([0, -1, -1]);
    expect(Array.from(y.subarray(2))).toEqual([0, 0, 0, 0]);
    // One expert has probability 1 whatever the logit, so nothing is left.
    expect(Array.from(gradients.dx.subarray(2))).toEqual([0, 0, 0, 0]);
  });

  it('is close to F64 in F32 and in bf16, where what it hands on are bf16 numbers', () => {
    const shape: SwitchLayerShape = { tokens: 24, dModel: 12, dExpert: 16, experts: 4, expertCapacity: 6, activation: 'swiglu' };
    const options = optionsFor(24);
    const { inputs, dy } = randomLayer(BF16, shape, 12);
    const widened: SwitchLayerInputs = {
      x: Float64Array.from(inputs.x),
      router: Float64Array.from(inputs.router),
      experts: {
        gate: Float64Array.from(inputs.experts.gate ?? []),
        in: Float64Array.from(inputs.experts.in),
        out: Float64Array.from(inputs.experts.out),
      },
    };
    const exact = train(F64, shape, options, widened, Float64Array.from(dy));
    const f32 = train(F32, shape, options, inputs, dy);
    const bf16 = train(BF16, shape, options, inputs, dy);
    for (const [own, tolerance] of [
      [f32, 2e-6],
      [bf16, 2e-2],
    ] as const) {
      expect(own.run.rows.slot).toEqual(exact.run.rows.slot);
      expect(relativeDifference(own.y, exact.y)).toBeLessThan(tolerance);
      for (const name of ['dx', 'dRouter', 'dGate', 'dIn', 'dOut'] as const)
        expect(relativeDifference(own.gradients[name] ?? [], exact.gradients[name] ?? []), name).toBeLessThan(tolerance);
    }
    // Selective precision: scores are those of an f32 layer.
    expect(bf16.run.scores.logits).toEqual(f32.run.scores.logits);
    for (const tensor of [bf16.y, bf16.gradients.dx]) expectBf16(tensor);
  });

  it('has no z-loss and finite gradients without its coefficient, however large the logits', () => {
    const shape: SwitchLayerShape = { tokens: 4, dModel: 2, dExpert: 2, experts: 2, expertCapacity: 4, activation: 'relu' };
    const { inputs, dy } = randomLayer(F32, shape, 9);
    inputs.router.fill(2 ** 126);
    const { run, gradients } = train(F32, shape, optionsFor(4, { zCoefficient: 0 }), inputs, dy);
    expect(Math.max(...run.scores.logits)).toBeGreaterThan(2 ** 120);
    expect(run.zLoss).toBe(0);
    expect(gradients.dx.every(Number.isFinite)).toBe(true);
    expect(train(F32, shape, optionsFor(4), inputs, dy).run.zLoss).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses experts of another size, and logits that are not finite by layer, token and expert', () => {
    const shape: SwitchLayerShape = { tokens: 3, dModel: 2, dExpert: 2, experts: 2, expertCapacity: 2, activation: 'relu' };
    const { inputs } = randomLayer(F32, shape, 8);
    const y = F32.zeros(6);
    const short = { ...inputs, experts: { ...inputs.experts, out: F32.zeros(7) } };
    expect(() => switchLayer(F32, shape, optionsFor(3), short, y)).toThrow(
      'switchLayer: out must have 8 elements (2 experts x dModel 2 x dExpert 2), has 7',
    );
    inputs.x[2] = Number.NaN;
    expect(() => switchLayer(F32, shape, optionsFor(3), inputs, y)).toThrow(
      'routerScores: logit at layer 3, token 1001, expert 0 must be finite, is NaN',
    );
  });
});

describe('Switch layer under a registered router', () => {
  const shape: SwitchLayerShape = { tokens: 16, dModel: 6, dExpert: 5, experts: 4, expertCapacity: 5, activation: 'geglu' };
  const { inputs, dy } = randomLayer(F32, shape, 40);

  it('is that of its own top-1', () => {
    const own = train(F32, shape, optionsFor(16), inputs, dy);
    const registered = train(F32, shape, optionsFor(16, { assignment: registeredRouter('switch-top1', shape) }), inputs, dy);
    expect(registered.y).toEqual(own.y);
    expect(registered.run.auxiliaryLoss).toBeCloseTo(own.run.auxiliaryLoss, 7);
    for (const name of ['dx', 'dRouter', 'dGate', 'dIn', 'dOut'] as const)
      expect(relativeDifference(registered.gradients[name] ?? [], own.gradients[name] ?? []), name).toBeLessThan(1e-6);
  });

  it('sums the experts of a token that has several, the same in every form', () => {
    const assignment = registeredRouter('gshard-top2', shape);
    const outcomes = Object.values(DISPATCH_FORMS).map((dispatch) =>
      train(F32, shape, optionsFor(16, { assignment, dispatch }), inputs, dy),
    );
    const [{ y, run, gradients }, ...others] = outcomes;
    const kept = run.rows.slot.filter((slot) => slot >= 0).length;
    expect(kept).toBeGreaterThan(shape.tokens);
    for (const other of others) {
      expect(other.y).toEqual(y);
      expect(other.gradients.dRouter).toEqual(gradients.dRouter);
    }
    const expected = new Float64Array(y.length);
    run.layout.rowAt.forEach((row, at) => {
      for (let d = 0; row >= 0 && d < shape.dModel; d++)
        expected[run.rows.token[row] * shape.dModel + d] += run.rows.weight[row] * run.batchOut[at * shape.dModel + d];
    });
    expect(relativeDifference(y, expected)).toBeLessThan(1e-6);
  });
});

interface Tensors {
  readonly x: Float64Array;
  readonly router: Float64Array;
  readonly experts: { readonly gate: Float64Array | null; readonly in: Float64Array; readonly out: Float64Array };
}

function farFromKinks({ scores, activations }: SwitchLayerRun, experts: number): boolean {
  for (let from = 0; from < scores.probabilities.length; from += experts) {
    const [best, second] = Array.from(scores.logits.subarray(from, from + experts)).sort((a, b) => b - a);
    if (best - second < 0.02) return false;
  }
  return activations.every(({ inSums }) => inSums.every((sum) => sum === 0 || Math.abs(sum) > 0.01));
}

/** A router of the registry as the layer takes it. */
function registeredRouter(name: string, { tokens, experts, expertCapacity }: SwitchLayerShape): AssignmentFunction {
  const router = createRouter(name);
  const inputOf = ({ probabilities, logits }: ExpertScores): RouterInput => ({
    tokens,
    experts,
    expertCapacity,
    draw: () => 0,
    training: true,
    probabilities: probabilities as Float32Array,
    logits: logits as Float32Array,
  });
  const asAssignment = (rows: AssignmentRows) => rows as Assignment;
  return {
    assign: (scores) => router.route(inputOf(scores)),
    auxiliaryLoss: (scores, rows) => router.auxiliaryLoss(inputOf(scores), asAssignment(rows)),
    backward: (scores, rows, gradient) => router.backward(inputOf(scores), asAssignment(rows), gradient as RouterGradient),
  };
}
