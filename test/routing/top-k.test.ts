import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouter, type OptionValues, type RouterInput } from '../../src/routing/index.ts';
import { topk } from './oracles/top-k.ts';
import { routerInputs, type ScoredInput, scoredInput } from './scores.ts';

const anyOptions: fc.Arbitrary<OptionValues> = fc.record({
  topK: fc.integer({ min: 1, max: 4 }),
  normalise: fc.constantFrom('none', 'before-drop', 'after-drop', 'softmax-over-chosen'),
  priority: fc.constantFrom('choice-major', 'token-major', 'batch-prioritised', 'random'),
  secondChoice: fc.constantFrom('next', 'gumbel'),
});

function dense(options: OptionValues, input: RouterInput): Float64Array {
  const { tokens, experts, expertCapacity } = input;
  const { token, expert, slot, weight } = createRouter('topk', options).route(input);
  const combine = new Float64Array(tokens * experts * expertCapacity);
  for (const [row, seat] of slot.entries())
    if (seat >= 0) combine[(token[row] * experts + expert[row]) * expertCapacity + seat] = weight[row];
  return combine;
}

/** Two tokens that differ only in how sure they are, and one slot. */
const contested = (capacity: number): ScoredInput =>
  scoredInput(
    [
      [1, 0.5, -2, -3],
      [3, 0.25, -2, -4],
    ],
    capacity,
    1,
  );

/** Two tokens that choose the same two experts in opposite order, with one slot each. */
const crossed = scoredInput(
  [
    [2, 1, -3, -3],
    [1, 2, -3, -3],
  ],
  1,
  1,
);

describe('topk with any mixture of its options', () => {
  it('equals the dense oracle, in training and at evaluation', () => {
    fc.assert(
      fc.property(routerInputs, anyOptions, fc.boolean(), (scored, options, training) => {
        const input = { ...scored, training };
        const wanted = topk(input, options, createRouter('topk', options).route(input));
        const actual = dense(options, input);
        expect(wanted.combine.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0)).toBeLessThan(1e-6);
      }),
      { numRuns: 300 },
    );
  });

  it('draws nothing at evaluation', () => {
    const draw = (): number => {
      throw new Error('drawn');
    };
    const input = { ...contested(1), draw };
    const options = { priority: 'random', secondChoice: 'gumbel' };
    expect(() => dense(options, { ...input, training: false })).not.toThrow();
    expect(() => dense(options, { ...input, training: true })).toThrow('drawn');
  });

  it('gives the one slot of an expert to whoever the priority puts first', () => {
    const seated = (options: OptionValues) => Array.from(createRouter('topk', { topK: 1, ...options }).route(contested(1)).slot);
    expect(seated({})).toEqual([0, -1]);
    expect(seated({ priority: 'batch-prioritised' })).toEqual([-1, 0]);
  });

  it('seats a token with all its choices before the next token under token-major only', () => {
    const seated = (priority: string) => Array.from(createRouter('topk', { priority }).route(crossed).slot);
    expect(seated('choice-major')).toEqual([0, -1, 0, -1]);
    expect(seated('token-major')).toEqual([0, 0, -1, -1]);
  });

  it('weighs what is kept to 1 after drops, what was chosen to 1 before', () => {
    const weights = (normalise: string) => Array.from(createRouter('topk', { normalise }).route(crossed).weight);
    expect(weights('after-drop')).toEqual([1, 0, 1, 0]);
    const first = Math.fround(1 / (1 + Math.exp(-1)));
    for (const normalise of ['before-drop', 'softmax-over-chosen']) expect(weights(normalise)[0]).toBeCloseTo(first, 6);
    expect(weights('none')[0]).toBeLessThan(first);
  });

  it('draws second choices in proportion to what is left of the softmax', () => {
    const tokens = 4000;
    const input = scoredInput(
      Array.from({ length: tokens }, () => [3, Math.log(3), 0, Math.log(2)]),
      tokens,
      5,
    );
    const { expert } = createRouter('topk', { secondChoice: 'gumbel' }).route(input);
    const counts = [0, 0, 0, 0];
    for (let row = 1; row < expert.length; row += 2) counts[expert[row]]++;
    expect(counts[0]).toBe(0);
    for (const [e, share] of [
      [1, 1 / 2],
      [2, 1 / 6],
      [3, 1 / 3],
    ]) {
      expect(Math.abs(counts[e] / tokens - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / tokens));
    }
  });

  it('stays finite where f32 probabilities underflow', () => {
    const input = scoredInput([[200, -100, -200, -300]], 1, 1);
    for (const normalise of ['before-drop', 'after-drop', 'softmax-over-chosen']) {
      const { weight } = createRouter('topk', { normalise }).route(input);
      expect(Array.from(weight)).toEqual([1, 0]);
    }
  });

  it('teaches through the one weight of k = 1 only when it is not normalised', () => {
    const slope = (normalise: string): number => {
      const router = createRouter('topk', { topK: 1, normalise });
      const input = scoredInput([[1, 0.5, -1, 0]], 1, 1);
      const logits = new Float32Array(4);
      router.backward(input, router.route(input), { weight: Float32Array.of(1), auxiliaryLoss: 0, logits });
      return Math.max(...logits.map(Math.abs));
    };
    expect(slope('none')).toBeGreaterThan(0.1);
    for (const normalise of ['before-drop', 'after-drop', 'softmax-over-chosen']) expect(slope(normalise)).toBeLessThan(1e-6);
  });
});
