import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { createRouter, type OptionValues, type RouterInput, routingSizes } from '../../src/routing/index.ts';
import { scoredInput } from './scores.ts';

const flat = (tokens: number, experts: number, extra: Partial<RouterInput> = {}): RouterInput => ({
  ...scoredInput(
    Array.from({ length: tokens }, () => Array.from({ length: experts }, () => 0)),
    tokens,
    9,
  ),
  ...extra,
});

const issueOf = (router: string, options: OptionValues, input: RouterInput) => {
  try {
    createRouter(router, options).route(input);
  } catch (error) {
    if (error instanceof InputError) return error.issues[0];
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('hash', () => {
  const expertsOf = (table: string, ids: readonly number[], experts: number) =>
    createRouter('hash', { table }).route(flat(ids.length, experts, { tokenIds: Int32Array.from(ids) })).expert;
  const allIds = Array.from({ length: 32128 }, (_, id) => id);

  it('evens out the load of Zipf-distributed ids in the balanced table, and only there', () => {
    const spread = (table: string): number => {
      const load = new Float64Array(8);
      for (const [id, expert] of expertsOf(table, allIds, 8).entries()) load[expert] += 1 / (id + 1);
      return Math.max(...load) / Math.min(...load);
    };
    expect(spread('balanced')).toBeLessThan(1.0001);
    expect(spread('random')).toBeGreaterThan(1.1);
  });

  it('gives every expert about as many ids in the random table', () => {
    const counts = new Int32Array(64);
    for (const expert of expertsOf('random', allIds, 64)) counts[expert]++;
    const mean = allIds.length / 64;
    for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  it('gives an id the same expert wherever it stands', () => {
    expect(new Set(expertsOf('balanced', [77, 3, 77, 77], 16).filter((_, token) => token !== 1)).size).toBe(1);
  });

  it('refuses ids outside the vocabulary, with the token', () => {
    const input = flat(2, 4, { tokenIds: Int32Array.from([3, 50]) });
    expect(issueOf('hash', { vocabulary: 50 }, input)).toMatchObject({ path: 'tokenIds', value: 'id 50 at token 1' });
    expect(issueOf('hash', {}, { ...input, tokenIds: Int32Array.from([3, -2]) })).toMatchObject({ value: '-2 at token 1' });
  });
});

describe('random and thor', () => {
  it.each([
    ['random', 1],
    ['thor', 2],
  ])('%s chooses every expert equally often, in training as at evaluation', (router, topK) => {
    const input = flat(8000, 8);
    const { expert } = createRouter(router).route(input);
    const counts = new Int32Array(8);
    for (const e of expert) counts[e]++;
    const share = topK / 8;
    for (const count of counts) expect(Math.abs(count / 8000 - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 8000));
    expect(createRouter(router).route({ ...input, training: false }).expert).toEqual(expert);
  });
});

describe('domain and task', () => {
  it('sends a domain to its expert, or round its experts', () => {
    const domains = Int32Array.from([0, 1, 5, 1, 1, 0]);
    const experts = (options: OptionValues) => Array.from(createRouter('domain', options).route(flat(6, 4, { domains })).expert);
    expect(experts({})).toEqual([0, 1, 1, 1, 1, 0]);
    expect(experts({ expertsPerDomain: 2 })).toEqual([0, 2, 3, 2, 3, 1]);
  });

  it('gives all tokens of a task the same experts and weights', () => {
    const scores = Array.from({ length: 9 }, (_, token) => Array.from({ length: 5 }, (_, e) => Math.sin(3 * token + e)));
    const input = { ...scoredInput(scores, 9, 1), domains: Int32Array.from({ length: 9 }, (_, token) => token % 3) };
    const { expert, weight } = createRouter('task').route(input);
    for (let row = 6; row < expert.length; row++) {
      expect(expert[row]).toBe(expert[row - 6]);
      expect(weight[row]).toBe(weight[row - 6]);
    }
  });
});

describe('trace', () => {
  it('seats recorded choices and leaves out what was not chosen', () => {
    const recorded = Int32Array.from([2, 0, 2, -1, 2, 1]);
    const { slot, requested, weight } = createRouter('trace', { topK: 2 }).route(flat(3, 3, { recorded, expertCapacity: 2 }));
    expect(Array.from(slot)).toEqual([0, 0, 1, -1, -1, 0]);
    expect(Array.from(requested)).toEqual([1, 1, 1, 0, 1, 1]);
    expect(Array.from(weight)).toEqual([0.5, 0.5, 0.5, 0, 0, 0.5]);
  });

  it('refuses experts that do not exist, with the token', () => {
    expect(issueOf('trace', {}, flat(2, 4, { recorded: Int32Array.from([1, 4]) }))).toMatchObject({ value: 'expert 4 at token 1' });
  });
});

describe('expert choice', () => {
  const slots = (groupTokens: number, experts: number, capacityFactor: number) =>
    routingSizes({ router: 'expert-choice', options: {}, capacityFactor, capacityRule: 'mesh-tf' }, groupTokens, experts).expertCapacity;

  it('fixes its own capacity, at least one token and at most all', () => {
    expect(slots(100, 8, 1.25)).toBe(15);
    expect(slots(4, 64, 1)).toBe(1);
    expect(slots(8, 2, 10)).toBe(8);
  });

  it('fills every slot, and the shares over the tokens sum to 1 when it takes all of them', () => {
    const scores = Array.from({ length: 12 }, (_, token) => Array.from({ length: 3 }, (_, e) => Math.cos(token * 5 + e)));
    const { slot, weight } = createRouter('expert-choice', { softmaxOver: 'tokens' }).route(scoredInput(scores, 12, 1));
    expect(slot.every((place) => place >= 0)).toBe(true);
    for (let e = 0; e < 3; e++) expect(weight.subarray(12 * e, 12 * (e + 1)).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 6);
  });
});

describe('no token left behind', () => {
  it('drops nothing with as many rounds and slots as it takes, and what Switch drops in one round', () => {
    const scores = Array.from({ length: 8 }, (_, token) => [4, 3, 2, 1 + token / 16]);
    const seated = (rounds: number) => createRouter('no-token-left-behind', { rounds }).route(scoredInput(scores, 2, 1));
    expect(Array.from(seated(4).expert)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(seated(4).slot.every((place) => place >= 0)).toBe(true);
    expect(Array.from(seated(1).slot)).toEqual(Array.from(createRouter('switch-top1').route(scoredInput(scores, 2, 1)).slot));
  });
});
