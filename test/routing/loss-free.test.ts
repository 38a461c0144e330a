import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { createRouter, type OptionValues, ROUTERS, resolveOptions, updateBias } from '../../src/routing/index.ts';
import { lossFree } from './oracles/loss-free.ts';
import { routerInputsOf, scoredInput } from './scores.ts';

const countsOf = (expert: Int32Array, experts: number): Int32Array => {
  const counts = new Int32Array(experts);
  for (const chosen of expert) counts[chosen]++;
  return counts;
};

const ROWS = Array.from({ length: 96 }, (_, token) =>
  Array.from({ length: 8 }, (__, e) => Math.sin(token * 5 + e * e) + (e < 2 ? 1.5 : 0)),
);

describe('the bias of loss-free balancing', () => {
  it('moves towards the mean by its rate, and stays where the count is the mean', () => {
    const moved = updateBias(Float32Array.from([0.5, 0, -0.25, 1]), [5, 1, 3, 3], 0.25);
    expect([...moved]).toEqual([0.25, 0.25, -0.25, 1]);
  });

  it('balances experts that everybody prefers, without touching their weights', () => {
    const router = createRouter('loss-free', { normalise: false });
    const input = scoredInput(ROWS, 96, 1);
    let bias = new Float32Array(8);
    const route = () => router.route({ ...input, bias });
    const before = countsOf(route().expert, 8);
    for (let step = 0; step < 200; step++) bias = Float32Array.from(updateBias(bias, countsOf(route().expert, 8), 0.005));
    const after = countsOf(route().expert, 8);
    expect(Math.max(...before)).toBeGreaterThan(60);
    expect(Math.max(...after)).toBeLessThan(30);
    const { token, expert, weight } = route();
    for (const [row, value] of weight.entries()) expect(value).toBeCloseTo(1 / (1 + Math.exp(-ROWS[token[row]][expert[row]])), 6);
  });
});

it.each(['sigmoid', 'softmax'])('routes by %s scores that were made before as by those that it makes', (scores) => {
  const router = createRouter('loss-free', { scores });
  const input = scoredInput(ROWS, 20, 1);
  const gateScores = router.gateScores?.(input);
  expect(gateScores).toHaveLength(96 * 8);
  for (const bias of [input.bias, Float32Array.from([0, 0, 0, 0, 1, 0, 0, 0])]) {
    expect(router.route({ ...input, bias, gateScores })).toEqual(router.route({ ...input, bias }));
  }
  // They are what is read: with others, others are chosen.
  const reversed = router.route({ ...input, gateScores: gateScores?.map((score) => 1 - score) });
  expect(reversed.expert).not.toEqual(router.route(input).expert);
});

describe('group-limited choice', () => {
  const grouped = fc.constantFrom<OptionValues[]>(
    { topK: 2, expertGroups: 4, chosenGroups: 1 },
    { topK: 2, expertGroups: 4, chosenGroups: 2 },
    { topK: 3, expertGroups: 4, chosenGroups: 2, scores: 'softmax' },
    { topK: 4, expertGroups: 2, chosenGroups: 1, scale: 2.5 },
    { topK: 2, expertGroups: 8, chosenGroups: 3, normalise: false },
    { topK: 8, expertGroups: 8, chosenGroups: 8 },
  );

  it('equals the dense oracle', () => {
    // Sums of two sigmoids can be equal but for rounding (s(1) + s(-1) = s(2) + s(-2)); a different step for each expert keeps them apart.
    const inputs = routerInputsOf(8).map((input) =>
      scoredInput(
        input.scores.map((row) => row.slice(0, 8).map((score, e) => score + (e * e + 1) / 128)),
        input.expertCapacity,
        input.tokens,
      ),
    );
    fc.assert(
      fc.property(inputs, grouped, (input, given) => {
        const options = resolveOptions(ROUTERS['loss-free'].options, given, 'loss-free');
        const answer = createRouter('loss-free', given).route(input);
        const wanted = lossFree(input, options, answer).combine;
        const { token, expert, slot, weight } = answer;
        const dense = new Float64Array(wanted.length);
        for (const [row, seat] of slot.entries()) {
          if (seat >= 0) dense[(token[row] * 8 + expert[row]) * input.expertCapacity + seat] = weight[row];
        }
        expect(wanted.reduce((most, value, i) => Math.max(most, Math.abs(dense[i] - value)), 0)).toBeLessThan(1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps each token within its groups', () => {
    const { expert } = createRouter('loss-free', { topK: 3, expertGroups: 4, chosenGroups: 2 }).route(scoredInput(ROWS, 96, 1));
    for (let row = 0; row < expert.length; row += 3) {
      expect(new Set([...expert.subarray(row, row + 3)].map((e) => Math.floor(e / 2))).size).toBe(2);
    }
  });

  it.each([
    [{ expertGroups: 3 }, { option: 'expertGroups', rule: 'must divide the 8 experts evenly', remedy: 'use 2, or another model.experts' }],
    [
      { expertGroups: 2, chosenGroups: 3 },
      { option: 'chosenGroups', rule: 'must be at most expertGroups, 2' },
    ],
    [
      { expertGroups: 8, topK: 2 },
      { option: 'topK', rule: 'must be at most 1, the experts that 1 of 8 groups hold together' },
    ],
  ])('refuses %j for 8 experts', (options, misfit) => {
    const router = createRouter('loss-free', options);
    expect(router.misfit?.(8)).toMatchObject(misfit);
    try {
      router.route(scoredInput(ROWS, 96, 1));
      expect.fail('nothing was refused');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.issues[0]).toMatchObject({ code: 'E_ROUTER_INPUT', path: 'experts', value: '8' });
      expect(error.issues[0].rule).toContain(`${misfit.option} fits: it ${misfit.rule}`);
    }
  });
});
