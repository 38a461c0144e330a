import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouter, type OptionValues, ROUTERS, type RouterInput, resolveOptions } from '../../src/routing/index.ts';
import { denseToSparse } from './oracles/dense-to-sparse.ts';
import { noisyTopk } from './oracles/noisy-topk.ts';
import type { Oracle } from './oracles/oracle.ts';
import { routerInputsOf, type ScoredInput, scoredInput } from './scores.ts';

/** Every row holds the quarters from 0 to 3.75, each row from another place on. */
const ROWS = Array.from({ length: 48 }, (_, token) => Array.from({ length: 16 }, (__, e) => ((token * 5 + e * 7) % 16) / 4));

const neverDraws = (): number => {
  throw new Error('drawn');
};

/** Slots, weights and auxiliary loss of the router against the oracle's. */
function expectOracle(name: string, oracle: Oracle, given: OptionValues, input: ScoredInput): void {
  const router = createRouter(name, given);
  const answer = router.route(input);
  const wanted = oracle(input, resolveOptions(ROUTERS[name].options, given, name), answer);
  const dense = new Float64Array(wanted.combine.length);
  for (const [row, seat] of answer.slot.entries()) {
    if (seat >= 0) dense[(answer.token[row] * input.experts + answer.expert[row]) * input.expertCapacity + seat] = answer.weight[row];
  }
  expect(wanted.combine.reduce((most, value, i) => Math.max(most, Math.abs(dense[i] - value)), 0)).toBeLessThan(1e-6);
  expect(Math.abs(router.auxiliaryLoss(input, answer) - wanted.auxiliaryLoss)).toBeLessThan(1e-8 * Math.max(1, wanted.auxiliaryLoss));
}

describe('noisy top-k', () => {
  it('equals the dense oracle with any number of choices and any weights, in training and at evaluation', () => {
    const options = fc.record({
      topK: fc.integer({ min: 1, max: 4 }),
      importanceWeight: fc.constantFrom(0, 0.1, 1),
      loadWeight: fc.constantFrom(0, 0.1, 1),
    });
    fc.assert(
      fc.property(routerInputsOf(4), options, fc.boolean(), (input, given, training) =>
        expectOracle('noisy-topk', noisyTopk, given, { ...input, training }),
      ),
      { numRuns: 150 },
    );
  });

  it('draws nothing at evaluation, where the best experts by logit are chosen', () => {
    const input = { ...scoredInput(ROWS, 48, 1), training: false, draw: neverDraws };
    const { expert } = createRouter('noisy-topk', { topK: 1 }).route(input);
    expect([...expert]).toEqual(ROWS.map((row) => row.indexOf(Math.max(...row))));
  });

  it('estimates the load by the mean of counts over fresh noise', () => {
    const scored = scoredInput(ROWS, 96, 3);
    const { auxiliaryLoss, route } = createRouter('noisy-topk', { importanceWeight: 0 });
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    const counts = new Float64Array(16);
    const seeds = 400;
    for (let seed = 0; seed < seeds; seed++) {
      const input: RouterInput = { ...scored, draw: scoredInput(ROWS, 96, seed).draw };
      for (const expert of route(input).expert) counts[expert] += 1 / seeds;
      const loss = auxiliaryLoss(input, route(input));
      least = Math.min(least, loss);
      most = Math.max(most, loss);
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / 16;
    const variation = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0) / 16 / (mean * mean);
    expect(mean).toBeCloseTo((48 * 2) / 16, 9);
    expect(variation).toBeGreaterThan(least);
    expect(variation).toBeLessThan(most);
  });

  it('has no auxiliary loss when importance and load are equal, and E - 1 for each when one expert has everything', () => {
    const rows = Array.from({ length: 8 }, (_, token) => Array.from({ length: 8 }, (__, e) => (e === token ? 20 : 0)));
    const crowded = rows.map(() => [40, 0, 0, 0, 0, 0, 0, 0]);
    const { auxiliaryLoss, route } = createRouter('noisy-topk', { topK: 1 });
    const lossOf = (scores: number[][]): number => {
      const input = { ...scoredInput(scores, 8, 1), training: false };
      return auxiliaryLoss(input, route(input));
    };
    expect(lossOf(rows)).toBe(0);
    expect(lossOf(crowded)).toBeCloseTo(14, 12);
  });

  it('keeps its head without any noise left: deviations that underflow', () => {
    const size = 20 * 16;
    const input = { ...scoredInput(ROWS.slice(0, 20), 20, 1), noiseLogits: new Float32Array(size).fill(-1000) };
    const router = createRouter('noisy-topk');
    const assignment = router.route(input);
    const [logits, noiseLogits] = [new Float32Array(size), new Float32Array(size)];
    router.backward(input, assignment, { weight: new Float32Array(40).fill(1), auxiliaryLoss: 1, logits, noiseLogits });
    expect(router.auxiliaryLoss(input, assignment)).toBeGreaterThan(0);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(logits.some((value) => value !== 0)).toBe(true);
    expect(noiseLogits.every((value) => value === 0)).toBe(true);
  });
});

describe('the dense-to-sparse gate', () => {
  /** With it no token's two best logits with noise are as near as 0.007, which even the coldest gate would use both of. */
  const SEED = 3;
  const usedAt = (temperature: number, change: Partial<RouterInput> = {}): number[] => {
    const router = createRouter('dense-to-sparse', { temperature, maxExperts: 16 });
    const { requested } = router.route({ ...scoredInput(ROWS, 48, SEED), ...change });
    return ROWS.map((_, token) => requested.subarray(16 * token, 16 * token + 16).reduce((sum, asked) => sum + asked, 0));
  };

  it('equals the dense oracle at any temperature, threshold and limit, in training and at evaluation', () => {
    const options = fc.record({
      temperature: fc.constantFrom(0.01, 0.3, 1, 5),
      threshold: fc.constantFrom(0, 0.001, 0.1, 0.9),
      maxExperts: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(routerInputsOf(6), options, fc.boolean(), (input, given, training) =>
        expectOracle('dense-to-sparse', denseToSparse, given, { ...input, training }),
      ),
      { numRuns: 150 },
    );
  });

  it.each([true, false])('never uses more experts for a token when it is colder: from all to one (training %s)', (training) => {
    const temperatures = [100, 30, 10, 3, 2, 1.5, 1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.001];
    const used = temperatures.map((temperature) => usedAt(temperature, { training }));
    for (let i = 1; i < used.length; i++) {
      for (const [token, count] of used[i].entries()) expect(count).toBeLessThanOrEqual(used[i - 1][token]);
    }
    expect(new Set(used[0])).toEqual(new Set([16]));
    expect(new Set(used.at(-1))).toEqual(new Set([1]));
  });

  it('draws nothing at evaluation', () => {
    expect(usedAt(1, { training: false, draw: neverDraws })).toHaveLength(48);
    expect(() => usedAt(1, { draw: neverDraws })).toThrow('drawn');
  });
});
