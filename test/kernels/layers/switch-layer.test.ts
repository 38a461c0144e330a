import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AssignmentFunction,
  BF16,
  DISPATCH_FORMS,
  F32,
  type KernelTable,
  type Numerics,
  openSwitchLayerStep,
  planLanes,
  planSwitchLayer,
  type Reals,
  registeredAssignment,
  type SwitchLayerInputs,
  type SwitchLayerPlan,
  type SwitchLayerShape,
  type SwitchStepOptions,
  switchLayer,
  switchLayerBackward,
} from '../../../src/kernels/index.ts';
import { planArena } from '../../../src/model/index.ts';
import { createRouter } from '../../../src/routing/index.ts';
import { randomReals, stored } from '../reference/tensors.ts';
import { ARENA_START, dtypeOf, LANES, memory, numbersOf, put, reals, runShuffled, spoil, tables } from './support.ts';

const FIRST_TOKEN = 1000;
const LAYER = 3;
const noDraws = (): number => 0;

interface Case {
  readonly numerics: Numerics;
  readonly shape: SwitchLayerShape;
  readonly router: SwitchStepOptions['router'];
  readonly inputs: SwitchLayerInputs;
  readonly dy: Reals;
  /** What dx and the gradients of weights hold before. */
  readonly held: readonly Reals[];
}

type Outcome = Readonly<Record<string, number[]>>;

function optionsOf({ numerics, router }: Pick<Case, 'numerics' | 'router'>): SwitchStepOptions {
  return {
    dtype: dtypeOf(numerics),
    router,
    training: true,
    auxiliaryCoefficient: 0.01,
    zCoefficient: 0.001,
    layer: LAYER,
    firstToken: FIRST_TOKEN,
  };
}

/** `skew` is added to the router's weights of expert 0, for tokens whose numbers are positive on the whole. */
function drawCase(numerics: Numerics, shape: SwitchLayerShape, seed: number, router: Case['router'] = null, skew = 0): Case {
  const { tokens, dModel, dExpert, experts, activation } = shape;
  const draw = (offset: number, elements: number, scale = 1): Reals => stored(numerics, randomReals(seed + offset, elements, scale));
  const weights = experts * dModel * dExpert;
  const gate = activation === 'relu' ? null : draw(3, weights);
  const x = draw(1, tokens * dModel);
  if (skew !== 0) for (let i = 0; i < x.length; i++) x[i] = Math.abs(x[i]);
  const ofRouter = stored(F32, randomReals(seed + 2, dModel * experts)).map((value, i) => (i % experts === 0 ? value + skew : value));
  return {
    numerics,
    shape,
    router,
    inputs: { x, router: ofRouter, experts: { gate, in: draw(4, weights), out: draw(5, weights) } },
    dy: draw(6, tokens * dModel),
    held: [
      draw(7, tokens * dModel),
      ...[dModel * experts, gate === null ? 0 : weights, weights, weights].map((n, i) => stored(F32, randomReals(seed + 8 + i, n))),
    ],
  };
}

function assignmentOf({ router, shape }: Case): AssignmentFunction | null {
  return router && registeredAssignment(createRouter(router.name, router.options), shape, true, noDraws);
}

/** The oracle. */
function byReference(one: Case): Outcome & { readonly kept: number[] } {
  const { numerics, shape, inputs, dy, held } = one;
  const options = {
    router: { precision: 'f32', layer: LAYER, tokens: Array.from({ length: shape.tokens }, (_, s) => FIRST_TOKEN + s), jitter: null },
    dispatch: DISPATCH_FORMS.sort,
    assignment: assignmentOf(one),
    auxiliaryCoefficient: 0.01,
    zCoefficient: 0.001,
    expertDropout: null,
  } as const;
  const y = numerics.zeros(shape.tokens * shape.dModel);
  const run = switchLayer(numerics, shape, options, inputs, y);
  const [dx, dRouter, dGate, dIn, dOut] = held.map((values) => values.slice());
  const gated = shape.activation !== 'relu';
  switchLayerBackward(numerics, shape, options, inputs, run, dy, { dx, dRouter, dGate: gated ? dGate : null, dIn, dOut });
  return {
    y: reals(y),
    losses: [run.auxiliaryLoss, run.zLoss],
    probabilities: reals(run.scores.probabilities),
    dx: reals(dx),
    dRouter: reals(dRouter),
    dGate: gated ? reals(dGate) : [],
    dIn: reals(dIn),
    dOut: reals(dOut),
    kept: Array.from(run.layout.first),
  };
}

function plan(one: Case, table: KernelTable): SwitchLayerPlan {
  const arena = planArena(ARENA_START);
  const layer = planSwitchLayer(arena, one.shape, optionsOf(one), planLanes(arena, table, LANES));
  expect(arena.bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
  spoil(arena.bytes);
  return structuredClone(layer);
}

/** A plan whose inputs and gradients are filled in. */
function filledPlan(one: Case, table: KernelTable): SwitchLayerPlan {
  const layer = plan(one, table);
  const { inputs, dy, held } = one;
  put(layer.x, inputs.x);
  put(layer.weights.router, inputs.router);
  for (const name of ['gate', 'in', 'out'] as const) put(layer.weights[name], inputs.experts[name]);
  if (layer.backward === null) throw new Error('the plan has no backward pass');
  const { router, gate, in: dIn, out } = layer.backward.gradients;
  put(layer.backward.dy, dy);
  [layer.backward.dx, router, gate, dIn, out].forEach((view, i) => {
    put(view, held[i]);
  });
  return layer;
}

function onTable(one: Case, table: KernelTable, seed: number): Outcome {
  const layer = filledPlan(one, table);
  runShuffled(openSwitchLayerStep(layer, table, 'forward', noDraws), seed);
  runShuffled(openSwitchLayerStep(layer, table, 'backward', noDraws), seed + 1);
  if (layer.backward === null) throw new Error('the plan has no backward pass');
  const { dx, gradients } = layer.backward;
  return {
    y: numbersOf(layer.y),
    losses: numbersOf(layer.losses),
    probabilities: numbersOf(layer.scores.probabilities),
    dx: numbersOf(dx),
    dRouter: numbersOf(gradients.router),
    dGate: gradients.gate === null ? [] : numbersOf(gradients.gate),
    dIn: numbersOf(gradients.in),
    dOut: numbersOf(gradients.out),
  };
}

/** Returns the rows of each expert. */
function expectSameBits(one: Case, seed: number, paths: readonly KernelTable[] = tables): number[] {
  const { kept, ...expected } = byReference(one);
  for (const table of paths) {
    const own = onTable(one, table, seed);
    for (const name of Object.keys(expected)) expect(own[name], `${name} on ${table.path}`).toEqual(expected[name]);
  }
  return kept;
}

describe('Switch layer on memory', () => {
  it('has the bits of the reference layer on every path, in any order of items, on any lane', () => {
    const shapes = fc.record({
      tokens: fc.integer({ min: 1, max: 40 }),
      dModel: fc.integer({ min: 1, max: 21 }),
      dExpert: fc.integer({ min: 1, max: 25 }),
      experts: fc.integer({ min: 1, max: 9 }),
      expertCapacity: fc.integer({ min: 1, max: 12 }),
      activation: fc.constantFrom('relu' as const, 'geglu' as const, 'swiglu' as const),
    });
    let [dropped, empty] = [0, 0];
    fc.assert(
      fc.property(shapes, fc.constantFrom(F32, BF16), fc.nat(1e6), (shape, numerics, seed) => {
        const kept = expectSameBits(drawCase(numerics, shape, seed), seed);
        dropped += shape.tokens - kept[shape.experts];
        for (let e = 0; e < shape.experts; e++) if (kept[e] === kept[e + 1]) empty++;
      }),
      { numRuns: 40, seed: 7 },
    );
    expect(dropped).toBeGreaterThan(50);
    expect(empty).toBeGreaterThan(10);
  });

  it.each([
    ['gshard-top2', {}],
    ['topk', { topK: 3 }],
    ['expert-choice', {}],
    ['switch-top1', {}],
  ])('has them under the router %s', (name, options) => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom(F32, BF16), (seed, numerics) => {
        const shape = { tokens: 24, dModel: 12, dExpert: 20, experts: 6, expertCapacity: 7, activation: 'geglu' } as const;
        expectSameBits(drawCase(numerics, shape, seed, { name, options }), seed);
      }),
      { numRuns: 4, seed: 3 },
    );
  });

  it('has them where one expert has everything, and in blocks of more rows, columns and sums than an item takes', () => {
    const shape = { tokens: 800, dModel: 200, dExpert: 136, experts: 3, expertCapacity: 800, activation: 'swiglu' } as const;
    const kept = expectSameBits(drawCase(BF16, shape, 5, null, 3), 5, tables.slice(-1));
    expect(kept).toEqual([0, 800, 800, 800]);
  });

  it('has them for numbers that are not moderate', () => {
    const shape = { tokens: 20, dModel: 9, dExpert: 8, experts: 2, expertCapacity: 20, activation: 'relu' } as const;
    for (const [at, value] of [3e38, 1e-40, -1e-45, -0, Number.POSITIVE_INFINITY, Number.NaN].entries()) {
      const one = drawCase(BF16, shape, 60 + at);
      one.inputs.experts.in[5] = BF16.store(value);
      one.inputs.experts.out[7] = BF16.store(value);
      one.dy[2] = BF16.store(value);
      expectSameBits(one, at);
    }
  });

  it('may run again, opened once, for other tokens', () => {
    const shape = { tokens: 16, dModel: 8, dExpert: 12, experts: 4, expertCapacity: 9, activation: 'geglu' } as const;
    for (const table of tables) {
      const layer = filledPlan(drawCase(BF16, shape, 11), table);
      const forward = openSwitchLayerStep(layer, table, 'forward');
      const fills = [11, 12, 13].map((seed) => {
        const one = drawCase(BF16, shape, seed);
        put(layer.x, one.inputs.x);
        put(layer.weights.router, one.inputs.router);
        for (const name of ['gate', 'in', 'out'] as const) put(layer.weights[name], one.inputs.experts[name]);
        runShuffled(forward, seed);
        const { y, kept } = byReference(one);
        expect(numbersOf(layer.y), table.path).toEqual(y);
        return kept.join();
      });
      expect(new Set(fills).size).toBe(3);
    }
  });

  it('adds to gradients when the same batch comes twice, as one that is cut in two', () => {
    const shape = { tokens: 12, dModel: 8, dExpert: 8, experts: 2, expertCapacity: 8, activation: 'relu' } as const;
    const one = drawCase(F32, shape, 9);
    const table = tables[tables.length - 1];
    const layer = filledPlan(one, table);
    const twice = [1, 2].map((seed) => {
      runShuffled(openSwitchLayerStep(layer, table, 'forward'), seed);
      runShuffled(openSwitchLayerStep(layer, table, 'backward'), seed);
      return layer.backward === null ? [] : numbersOf(layer.backward.gradients.in);
    });
    const { dIn } = byReference(one);
    expect(twice[0]).toEqual(dIn);
    const { dIn: again } = byReference({ ...one, held: [...one.held.slice(0, 3), Float32Array.from(dIn), one.held[4]] });
    expect(twice[1]).toEqual(again);
  });
});

describe('Switch layer on memory, its edges', () => {
  const shape = { tokens: 6, dModel: 4, dExpert: 5, experts: 2, expertCapacity: 3, activation: 'relu' } as const;
  const [naive] = tables;

  it('names its items', () => {
    const layer = filledPlan(drawCase(BF16, shape, 1), naive);
    const forward = openSwitchLayerStep(layer, naive, 'forward');
    runShuffled(forward, 1);
    expect(forward.phaseItems).toHaveLength(6);
    expect(forward.name(0, 0)).toBe('router of layer 3: rows 0 to 5');
    expect(forward.name(1, 0)).toBe('assignment of layer 3');
    expect(forward.name(3, 0)).toMatch(/^hidden, expert [01] of layer 3: 3 x 4 by 4 x 5$/);
    const backward = openSwitchLayerStep(layer, naive, 'backward');
    expect(backward.name(1, 0)).toBe('backward of assignment of layer 3');
    expect(backward.name(1, 1)).toMatch(/^dHidden, expert [01] of layer 3: 3 x 4 by 4 x 5$/);
    expect(backward.name(3, 0)).toBe('dx of layer 3: rows 0 to 5');
  });

  it('refuses logits that are not finite by layer, token and expert', () => {
    const one = drawCase(BF16, shape, 1);
    one.inputs.x[9] = Number.NaN;
    const step = openSwitchLayerStep(filledPlan(one, naive), naive, 'forward');
    expect(() => runShuffled(step, 1)).toThrow('switchLayer: logit at layer 3, token 1002, expert 0 must be finite, is NaN');
  });

  it('refuses what it has no tensors, no memory or no numbers for', () => {
    const arena = planArena();
    const options = optionsOf({ numerics: BF16, router: null });
    expect(() => planSwitchLayer(arena, shape, { ...options, router: { name: 'hash', options: {} } }, [])).toThrow(
      'a Switch layer on memory has no tokenIds for hash',
    );
    const last = tables[tables.length - 1];
    const small = planSwitchLayer(arena, shape, { ...options, training: false }, planLanes(arena, { gemmScratchElements: 4 }, 1));
    expect(() => openSwitchLayerStep(small, last, 'forward')).toThrow(`lanes of 4 floats; ${last.path} needs ${last.gemmScratchElements}`);
    expect(() => openSwitchLayerStep(small, naive, 'backward')).toThrow('a plan without training has no backward pass');
    const drawing = filledPlan(drawCase(BF16, shape, 1, { name: 'random', options: {} }), naive);
    expect(() => runShuffled(openSwitchLayerStep(drawing, naive, 'forward'), 1)).toThrow(
      'this router draws random numbers, and none are given',
    );
  });
});
