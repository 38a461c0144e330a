import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttentionLayerInputs,
  type AttentionLayerPlan,
  type AttentionLayerShape,
  type AttentionLayerWeights,
  attentionLayer,
  attentionLayerBackward,
  attentionLayerSaved,
  BF16,
  F32,
  type KernelTable,
  type Numerics,
  openAttentionLayerStep,
  planAttentionLayer,
  planLanes,
  type Reals,
} from '../../../src/kernels/index.ts';
import { planArena } from '../../../src/model/index.ts';
import { randomReals, stored } from '../reference/tensors.ts';
import { ARENA_START, dtypeOf, LANES, memory, numbersOf, put, reals, runShuffled, spoil, tables } from './support.ts';

interface Case {
  readonly numerics: Numerics;
  readonly shape: AttentionLayerShape;
  readonly weights: AttentionLayerWeights;
  readonly inputs: AttentionLayerInputs;
  readonly dy: Reals;
  /** What gradients hold before. */
  readonly held: {
    readonly dx: Reals;
    readonly dMemory: Reals | null;
    readonly dBias: Reals | null;
    readonly dWeights: AttentionLayerWeights;
  };
}

type Outcome = Readonly<Record<string, number[]>>;

const NAMES = ['gain', 'query', 'key', 'value', 'output'] as const;

interface Sort {
  readonly crossing: boolean;
  readonly biased: boolean;
  readonly masked: boolean;
}

function drawCase(numerics: Numerics, shape: AttentionLayerShape, { crossing, biased, masked }: Sort, seed: number): Case {
  const { batch, queries, keys, heads, kvHeads, headDim, dModel } = shape;
  let drawn = 0;
  const draw = (elements: number, arithmetic = numerics): Reals => stored(arithmetic, randomReals(seed + 101 * drawn++, elements));
  const [wide, narrow] = [dModel * heads * headDim, dModel * kvHeads * headDim];
  const weights = (arithmetic: Numerics): AttentionLayerWeights => ({
    gain: draw(dModel, arithmetic),
    query: draw(wide, arithmetic),
    key: draw(narrow, arithmetic),
    value: draw(narrow, arithmetic),
    output: draw(wide, arithmetic),
  });
  const [ofQueries, ofKeys, ofScores] = [batch * queries * dModel, batch * keys * dModel, heads * queries * keys];
  return {
    numerics,
    shape,
    weights: weights(numerics),
    inputs: {
      x: draw(ofQueries),
      memory: crossing ? draw(ofKeys) : null,
      bias: biased ? draw(ofScores) : null,
      keyMask: masked ? Uint8Array.from(randomReals(seed + 7, batch * keys), (value) => (value > -0.6 ? 1 : 0)) : null,
    },
    dy: draw(ofQueries),
    held: {
      dx: draw(ofQueries),
      dMemory: crossing ? draw(ofKeys) : null,
      dBias: biased ? draw(ofScores, F32) : null,
      dWeights: weights(F32),
    },
  };
}

function byReference({ numerics, shape, weights, inputs, dy, held }: Case): Outcome {
  const saved = attentionLayerSaved(numerics, shape);
  const y = numerics.zeros(inputs.x.length);
  attentionLayer(numerics, shape, weights, inputs, saved, y);
  const copies = {
    dx: held.dx.slice(),
    dMemory: held.dMemory?.slice() ?? null,
    dBias: held.dBias?.slice() ?? null,
    dWeights: Object.fromEntries(NAMES.map((name) => [name, held.dWeights[name].slice()])) as unknown as AttentionLayerWeights,
  };
  attentionLayerBackward(numerics, shape, weights, inputs, saved, dy, copies);
  const ofWeights = NAMES.map((name) => [name, reals(copies.dWeights[name])]);
  return {
    y: reals(y),
    dx: reals(copies.dx),
    dMemory: reals(copies.dMemory),
    dBias: reals(copies.dBias),
    ...Object.fromEntries(ofWeights),
  };
}

function onTable({ numerics, shape, weights, inputs, dy, held }: Case, table: KernelTable, seed: number): Outcome {
  const arena = planArena(ARENA_START);
  const { memory: encoded, bias, keyMask } = inputs;
  const sort = { crossing: encoded !== null, biased: bias !== null, masked: keyMask !== null };
  const options = { dtype: dtypeOf(numerics), ...sort, training: true, layer: 1 };
  const plan: AttentionLayerPlan = structuredClone(planAttentionLayer(arena, shape, options, planLanes(arena, table, LANES)));
  spoil(arena.bytes);
  const { attention, backward } = plan;
  if (backward === null || attention.backward === null) throw new Error('the plan has no backward pass');
  put(plan.x, inputs.x);
  put(plan.memory, encoded);
  put(attention.bias, bias);
  if (attention.keyMask !== null && keyMask !== null) new Uint8Array(memory.buffer, attention.keyMask).set(keyMask);
  put(backward.dy, dy);
  put(backward.dx, held.dx);
  put(backward.dMemory, held.dMemory);
  put(attention.backward.dBias, held.dBias);
  for (const name of NAMES) {
    put(plan.weights[name], weights[name]);
    put(backward.gradients[name], held.dWeights[name]);
  }
  runShuffled(openAttentionLayerStep(plan, table, 'forward'), seed);
  runShuffled(openAttentionLayerStep(plan, table, 'backward'), seed + 1);
  const ofWeights = NAMES.map((name) => [name, numbersOf(backward.gradients[name])]);
  return {
    y: numbersOf(plan.y),
    dx: numbersOf(backward.dx),
    dMemory: backward.dMemory === null ? [] : numbersOf(backward.dMemory),
    dBias: attention.backward.dBias === null ? [] : numbersOf(attention.backward.dBias),
    ...Object.fromEntries(ofWeights),
  };
}

function expectSameBits(one: Case, seed: number, paths: readonly KernelTable[] = tables): void {
  const expected = byReference(one);
  for (const table of paths) {
    const own = onTable(one, table, seed);
    for (const name of Object.keys(expected)) expect(own[name], `${name} on ${table.path}`).toEqual(expected[name]);
  }
}

const shapes = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    queries: fc.integer({ min: 1, max: 9 }),
    keys: fc.integer({ min: 1, max: 9 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
    headDim: fc.integer({ min: 1, max: 8 }),
    dModel: fc.integer({ min: 1, max: 18 }),
    causal: fc.boolean(),
    crossing: fc.boolean(),
  })
  .map(({ group, crossing, keys, ...shape }) => ({
    crossing,
    shape: { ...shape, keys: crossing ? keys : shape.queries, heads: shape.kvHeads * group, scale: 1, rotaryBase: null },
  }));

describe('attention layer on memory', () => {
  it('has the bits of the reference layer on every path, in any order of items, on any lane', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(F32, BF16),
        fc.boolean(),
        fc.boolean(),
        fc.nat(1e6),
        ({ shape, crossing }, numerics, biased, masked, seed) => {
          expectSameBits(drawCase(numerics, shape, { crossing, biased, masked }, seed), seed);
        },
      ),
      { numRuns: 50, seed: 2 },
    );
  });

  it('has them over more rows and columns than an item takes', () => {
    const shape = { batch: 2, queries: 270, keys: 270, heads: 4, kvHeads: 4, headDim: 18, dModel: 70, causal: true, rotaryBase: null };
    expectSameBits(drawCase(BF16, shape, { crossing: false, biased: true, masked: false }, 4), 4, tables.slice(-1));
  });

  it('has them where zeros have signs and what is added is subnormal', () => {
    const shape = { batch: 1, queries: 4, keys: 4, heads: 2, kvHeads: 1, headDim: 2, dModel: 6, causal: false, rotaryBase: null };
    const one = drawCase(BF16, shape, { crossing: false, biased: false, masked: false }, 5);
    one.inputs.x.fill(-0, 0, 12);
    one.dy.fill(-0, 0, 12);
    one.held.dx.fill(-0);
    for (let i = 0; i < one.weights.output.length; i++) one.weights.output[i] = i % 2 === 0 ? -1e-40 : -0;
    expectSameBits(one, 5);
  });

  it('refuses rotary embedding, and self-attention over other keys', () => {
    const shape = { batch: 1, queries: 4, keys: 4, heads: 2, kvHeads: 1, headDim: 2, dModel: 6, causal: false, rotaryBase: null };
    const options = { dtype: 'bf16', crossing: false, biased: false, masked: false, training: false, layer: 0 } as const;
    expect(() => planAttentionLayer(planArena(), { ...shape, rotaryBase: 10_000 }, options, [])).toThrow('has no rotary embedding');
    expect(() => planAttentionLayer(planArena(), { ...shape, keys: 5 }, options, [])).toThrow('self-attention of 4 queries and 5 keys');
    const plan = planAttentionLayer(planArena(), shape, options, []);
    expect(() => openAttentionLayerStep(plan, tables[0], 'backward')).toThrow('a plan without training has no backward pass');
  });
});
