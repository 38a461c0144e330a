import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttentionInputs,
  type AttentionPlan,
  type AttentionShape,
  attention,
  attentionBackward,
  attentionBackwardPhases,
  BF16,
  F32,
  type KernelTable,
  type Numerics,
  openAttentionStep,
  planAttention,
  planLanes,
  type Reals,
  stepOf,
} from '../../../src/kernels/index.ts';
import { planArena } from '../../../src/model/index.ts';
import { randomInputs } from '../reference/attention-support.ts';
import { randomReals, stored } from '../reference/tensors.ts';
import { ARENA_START, dtypeOf, LANES, memory, numbersOf, put, reals, runShuffled, spoil, tables } from './support.ts';

interface Case {
  readonly numerics: Numerics;
  readonly shape: AttentionShape;
  readonly inputs: AttentionInputs;
  readonly dContext: Reals;
  /** What dq, dk, dv and dBias hold before. */
  readonly held: readonly Reals[];
}

type Outcome = Readonly<Record<string, number[]>>;

/** About a fifth of the keys are padding where `masked`. */
function drawCase(numerics: Numerics, shape: AttentionShape, seed: number, biased: boolean, masked: boolean): Case {
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  const { bias, ...inputs } = randomInputs(numerics, shape, seed, 1.5);
  const draw = (offset: number, elements: number): Reals => stored(numerics, randomReals(seed + offset, elements));
  const [ofQueries, ofKeys] = [batch * queries * heads * headDim, batch * keys * kvHeads * headDim];
  const keyMask = masked ? Uint8Array.from(randomReals(seed + 9, batch * keys), (value) => (value > -0.6 ? 1 : 0)) : null;
  return {
    numerics,
    shape,
    inputs: { ...inputs, bias: biased ? bias : null, keyMask },
    dContext: draw(4, ofQueries),
    held: [draw(5, ofQueries), draw(6, ofKeys), draw(7, ofKeys), stored(F32, randomReals(seed + 8, biased ? bias.length : 0))],
  };
}

function byReference({ numerics, shape, inputs, dContext, held }: Case): Outcome {
  const { batch, queries, keys, heads } = shape;
  const probabilities = numerics.zeros(batch * heads * queries * keys);
  const context = numerics.zeros(inputs.q.length);
  attention(numerics, shape, inputs, { probabilities, context });
  const [dq, dk, dv, dBias] = held.map((values) => values.slice());
  attentionBackward(numerics, shape, inputs, probabilities, dContext, { dq, dk, dv, dBias: inputs.bias && dBias });
  return { probabilities: reals(probabilities), context: reals(context), dq: reals(dq), dk: reals(dk), dv: reals(dv), dBias: reals(dBias) };
}

function filledPlan({ numerics, shape, inputs, dContext, held }: Case, table: KernelTable): AttentionPlan {
  const arena = planArena(ARENA_START);
  const options = { dtype: dtypeOf(numerics), biased: inputs.bias !== null, masked: inputs.keyMask !== null, training: true, layer: 2 };
  const plan = structuredClone(planAttention(arena, shape, options, planLanes(arena, table, LANES)));
  spoil(arena.bytes);
  for (const name of ['q', 'k', 'v', 'bias'] as const) put(plan[name], inputs[name]);
  if (plan.keyMask !== null && inputs.keyMask !== null) new Uint8Array(memory.buffer, plan.keyMask).set(inputs.keyMask);
  if (plan.backward === null) throw new Error('the plan has no backward pass');
  const { dq, dk, dv, dBias } = plan.backward;
  put(plan.backward.dContext, dContext);
  [dq, dk, dv, dBias].forEach((view, i) => {
    put(view, held[i]);
  });
  return plan;
}

function onTable(one: Case, table: KernelTable, seed: number, targets: 'added to' | 'replaced' = 'added to'): Outcome {
  const plan = filledPlan(one, table);
  runShuffled(openAttentionStep(plan, table, 'forward'), seed);
  runShuffled(stepOf(attentionBackwardPhases(plan, table, targets)), seed + 1);
  if (plan.backward === null) throw new Error('the plan has no backward pass');
  const { dq, dk, dv, dBias } = plan.backward;
  return {
    probabilities: numbersOf(plan.probabilities),
    context: numbersOf(plan.context),
    dq: numbersOf(dq),
    dk: numbersOf(dk),
    dv: numbersOf(dv),
    dBias: dBias === null ? [] : numbersOf(dBias),
  };
}

function expectSameBits(one: Case, seed: number, paths: readonly KernelTable[] = tables): Outcome {
  const expected = byReference(one);
  for (const table of paths) {
    const own = onTable(one, table, seed);
    for (const name of Object.keys(expected)) expect(own[name], `${name} on ${table.path}`).toEqual(expected[name]);
  }
  return expected;
}

/** Queries and keys of their own, any grouping of heads, causal or not. */
const shapes: fc.Arbitrary<AttentionShape> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    queries: fc.integer({ min: 1, max: 13 }),
    keys: fc.integer({ min: 1, max: 13 }),
    kvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    headDim: fc.integer({ min: 1, max: 11 }),
    causal: fc.boolean(),
    firstQuery: fc.integer({ min: 0, max: 4 }),
    scale: fc.constantFrom(undefined, 1, -0.3),
  })
  .map(({ group, ...shape }) => ({ ...shape, heads: shape.kvHeads * group }));

describe('attention on memory', () => {
  it('has the bits of the reference on every path, in any order of items, on any lane', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(F32, BF16), fc.boolean(), fc.boolean(), fc.nat(1e6), (shape, numerics, biased, masked, seed) => {
        expectSameBits(drawCase(numerics, shape, seed, biased, masked), seed);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('has them in blocks of queries, and over more keys than a vector', () => {
    const shape = { batch: 1, queries: 300, keys: 270, heads: 2, kvHeads: 1, headDim: 16, causal: true, firstQuery: 0 };
    for (const numerics of [F32, BF16]) expectSameBits(drawCase(numerics, shape, 3, true, true), 3, tables.slice(-1));
  });

  it('has them where padding, or what a causal query does not see, is NaN, infinite or huge', () => {
    const shape = { batch: 2, queries: 7, keys: 7, heads: 4, kvHeads: 2, headDim: 5, causal: true };
    let finite = 0;
    for (const [seed, value] of [Number.NaN, Number.POSITIVE_INFINITY, -3e38, 3e38].entries()) {
      for (const [numerics, name] of [F32, BF16].flatMap((numerics) => (['k', 'v'] as const).map((name) => [numerics, name] as const))) {
        const one = drawCase(numerics, shape, 20 + seed, true, true);
        one.inputs.keyMask?.fill(1).fill(0, 12);
        // The last two keys of the second sequence are padding; the last key of the first is seen by its last query alone.
        const row = shape.kvHeads * shape.headDim;
        one.inputs[name].fill(numerics.store(value), 12 * row);
        one.inputs[name].fill(numerics.store(value), 6 * row, 6 * row + 3);
        finite += expectSameBits(one, seed).context.filter(Number.isFinite).length;
      }
    }
    expect(finite).toBeGreaterThan(1000);
  });

  it('has them where products overflow and where numbers are subnormal', () => {
    const shape = { batch: 1, queries: 5, keys: 6, heads: 2, kvHeads: 2, headDim: 4, causal: true };
    for (const [seed, value] of [2e38, 1e-39, 1e-45, -0].entries()) {
      for (const name of ['q', 'k', 'v', 'dContext'] as const) {
        const one = drawCase(BF16, shape, 40 + seed, true, false);
        const tensor = name === 'dContext' ? one.dContext : one.inputs[name];
        for (let i = 0; i < tensor.length; i += 3) tensor[i] = BF16.store(value);
        expectSameBits(one, seed);
      }
    }
  });

  it('puts gradients in the place of what was there, as if they had been added to 0', () => {
    const withoutSign = (values: readonly number[]): number[] => values.map((value) => value + 0);
    const [heads, causal] = [{ heads: 4, kvHeads: 2, headDim: 5 }, true];
    for (const [seed, value] of [0.5, Number.NaN, 3e38, 1e-39].entries()) {
      for (const numerics of [F32, BF16]) {
        const one = drawCase(numerics, { batch: 2, queries: 7, keys: 7, ...heads, causal }, 60 + seed, false, true);
        one.inputs.v.fill(numerics.store(value), 12 * heads.kvHeads * heads.headDim);
        const expected = byReference({ ...one, held: one.held.map((values) => values.map(() => 0)) });
        for (const table of tables) {
          const own = onTable(one, table, seed, 'replaced');
          for (const name of ['dq', 'dk', 'dv'])
            expect(withoutSign(own[name]), `${name} on ${table.path}`).toEqual(withoutSign(expected[name]));
        }
      }
    }
  });

  it('gives nothing to a query that sees no key', () => {
    const shape = { batch: 1, queries: 4, keys: 8, heads: 1, kvHeads: 1, headDim: 4, causal: false };
    const one = drawCase(BF16, shape, 2, false, true);
    one.inputs.keyMask?.fill(0);
    const { context, probabilities } = expectSameBits(one, 2);
    expect([...context, ...probabilities].every((value) => value === 0)).toBe(true);
  });

  it('names its items, and has no backward pass without training', () => {
    const shape = { batch: 2, queries: 5, keys: 5, heads: 4, kvHeads: 2, headDim: 4, causal: true };
    const [naive] = tables;
    const plan = filledPlan(drawCase(BF16, shape, 2, true, false), naive);
    const forward = openAttentionStep(plan, naive, 'forward');
    expect(forward.phaseItems).toEqual([8]);
    expect(forward.name(0, 5)).toBe('attention of layer 2: sequence 1, head 1, queries 0 to 4');
    const backward = openAttentionStep(plan, naive, 'backward');
    expect(backward.phaseItems).toEqual([4, 4]);
    expect(backward.name(0, 3)).toBe('backward of attention of layer 2: sequence 1, key and value head 1');
    expect(backward.name(1, 3)).toBe('gradient of the bias of layer 2: head 3');
    expect(() => openAttentionStep({ ...plan, backward: null }, naive, 'backward')).toThrow('a plan without training has no backward pass');
  });
});
