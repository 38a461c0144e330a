import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouter, sinkhornPlan } from '../../src/routing/index.ts';
import { scoredInput, softmax } from './scores.ts';

const matrices = fc
  .record({ tokens: fc.integer({ min: 1, max: 40 }), experts: fc.integer({ min: 1, max: 9 }), spread: fc.constantFrom(0.5, 3, 20) })
  .chain(({ tokens, experts, spread }) =>
    fc.record({
      experts: fc.constant(experts),
      logits: fc
        .array(fc.double({ min: -spread, max: spread, noNaN: true }), { minLength: tokens * experts, maxLength: tokens * experts })
        .map((values) => Float32Array.from(values)),
    }),
  );

const rowSums = (plan: Float64Array, experts: number): number[] =>
  Array.from({ length: plan.length / experts }, (_, token) =>
    plan.subarray(token * experts, (token + 1) * experts).reduce((sum, entry) => sum + entry, 0),
  );

const columnSums = (plan: Float64Array, experts: number): number[] =>
  Array.from({ length: experts }, (_, e) => plan.reduce((sum, entry, at) => sum + (at % experts === e ? entry : 0), 0));

describe('the Sinkhorn plan', () => {
  it('has rows that sum to 1 and columns that sum to S / E within the stated tolerance', () => {
    fc.assert(
      fc.property(matrices, fc.constantFrom(1e-2, 1e-4, 1e-7), ({ logits, experts }, tolerance) => {
        const { plan, columnError } = sinkhornPlan(logits, experts, { iterations: 1_000_000, tolerance });
        const share = plan.length / experts / experts;
        expect(columnError).toBeLessThanOrEqual(tolerance);
        for (const sum of rowSums(plan, experts)) expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
        for (const sum of columnSums(plan, experts)) expect(Math.abs(sum / share - 1)).toBeLessThanOrEqual(tolerance + 1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it('is the softmax of each row after one pass, and says how far its columns are off', () => {
    const scores = [
      [1, 0, -1],
      [3, 0, 0],
    ];
    const { plan, passes, columnError } = sinkhornPlan(Float32Array.from(scores.flat()), 3, { iterations: 1, tolerance: 0 });
    expect(passes).toBe(1);
    for (const [at, share] of scores.flatMap(softmax).entries()) expect(plan[at]).toBeCloseTo(share, 14);
    expect(columnError).toBeCloseTo(Math.max(...columnSums(plan, 3).map((sum) => Math.abs(sum / (2 / 3) - 1))), 14);
  });

  it('has the form u exp(logit) v: every two by two block keeps the odds of its logits', () => {
    fc.assert(
      fc.property(matrices, ({ logits, experts }) => {
        fc.pre(logits.length > experts && experts > 1 && Math.max(...logits) <= 3 && Math.min(...logits) >= -3);
        const { plan } = sinkhornPlan(logits, experts, { iterations: 100, tolerance: 1e-6 });
        const odds = (of: ArrayLike<number>, act: (value: number) => number): number =>
          act(of[0]) - act(of[1]) - act(of[experts]) + act(of[experts + 1]);
        expect(Math.abs(odds(plan, Math.log) - odds(logits, (logit) => logit))).toBeLessThan(1e-9);
      }),
    );
  });

  it('stays finite when logits are thousands apart', () => {
    const logits = Float32Array.from([5000, 0, -5000, 4000, 3000, -9000, 100, -100, 0, 1, 2, 3e38]);
    const { plan } = sinkhornPlan(logits, 3, { iterations: 200, tolerance: 1e-3 });
    for (const sum of rowSums(plan, 3)) expect(sum).toBeCloseTo(1, 12);
    expect(plan.every((entry) => entry >= 0)).toBe(true);
  });
});

describe('Sinkhorn-BASE', () => {
  const crowded = Array.from({ length: 64 }, (_, token) =>
    Array.from({ length: 8 }, (__, e) => 2 * Math.sin(token * 7 + e * e * 3) + (e === 2 ? 4 : 0)),
  );
  const router = createRouter('s-base');

  it('spreads over all experts what its probabilities would send to one', () => {
    const input = scoredInput(crowded, 64, 1);
    const counts = (expert: Int32Array): number[] => Array.from({ length: 8 }, (_, e) => expert.filter((one) => one === e).length);
    expect(counts(router.route({ ...input, training: false }).expert)).toEqual([0, 0, 64, 0, 0, 0, 0, 0]);
    const trained = counts(router.route(input).expert);
    expect(Math.min(...trained)).toBeGreaterThan(0);
    expect(Math.max(...trained)).toBeLessThanOrEqual(16);
  });

  it('weighs by the probability of the expert, not by the plan', () => {
    const input = scoredInput(crowded, 64, 1);
    const { expert, weight } = router.route(input);
    expect([...weight]).toEqual([...expert].map((e, token) => input.probabilities?.[token * 8 + e]));
  });

  it('gives a token alone, whose plan is the same for all experts, to the first', () => {
    const input = scoredInput([[0.3, 2, -1, 1.7]], 1, 1);
    expect([...router.route(input).expert]).toEqual([0]);
  });
});
