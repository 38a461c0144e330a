import fc from 'fast-check';
import highsModule, { type Highs } from 'highs';
import { describe, expect, it } from 'vitest';
import { inverseNormalCdf, Purpose, uniform } from '../../src/base/index.ts';
import { type Assignment, createRouter, type RouterInput } from '../../src/routing/index.ts';
import { bestBalancedSum } from './assignment-problem.ts';

const router = createRouter('base');
/** The types of the package are those of its CommonJS form, where the function is a property. */
const loadHighs = highsModule as unknown as () => Promise<Highs>;
const highs = await loadHighs();

type ScoreLaw = (token: number, expert: number, at: (index: number) => number) => number;

const LAWS: Readonly<Record<string, ScoreLaw>> = {
  uniform: (_, expert, at) => at(expert),
  normal: (_, expert, at) => inverseNormalCdf(at(expert) + 2 ** -33),
  'one expert that everybody wants': (_, expert, at) => 0.1 * at(expert) + (expert === 0 ? 5 + 3 * at(99) : 0),
  'like tokens': (token, expert, at) => 0.05 * at(expert) + Math.sin(17 * expert + (token % 5)),
  'few different scores': (_, expert, at) => Math.floor(3 * at(expert)),
  'nothing to choose': () => 1,
};

function inputOf(law: ScoreLaw, tokens: number, experts: number, seed: number): RouterInput {
  const logits = new Float32Array(tokens * experts);
  for (let token = 0; token < tokens; token++) {
    for (let e = 0; e < experts; e++) logits[token * experts + e] = law(token, e, (index) => uniform(seed, Purpose.test, index, token));
  }
  return { tokens, experts, expertCapacity: Math.ceil(tokens / experts), logits, training: true, draw: () => 0 };
}

const sumOf = ({ logits = new Float32Array(0), experts }: RouterInput, { expert }: Assignment): number =>
  expert.reduce((sum, e, token) => sum + logits[token * experts + e], 0);

function loadsOf({ experts }: RouterInput, { slot, expert }: Assignment): number[] {
  const loads = new Array<number>(experts).fill(0);
  for (const [row, e] of expert.entries()) if (slot[row] >= 0) loads[e]++;
  return loads;
}

/** The transportation problem as a linear program, of which an optimum is whole (its matrix is totally unimodular). */
function optimum({ tokens, experts, logits = new Float32Array(0) }: RouterInput): number {
  const name = (token: number, e: number) => `x${token}_${e}`;
  const all = Array.from({ length: tokens }, (_, token) => Array.from({ length: experts }, (__, e) => ({ token, e })));
  const terms = all.flat().map(({ token, e }) => {
    const score = logits[token * experts + e];
    return `${score < 0 ? '-' : '+'} ${Math.abs(score)} ${name(token, e)}`;
  });
  const rows = all.map((row, token) => `t${token}: ${row.map(({ e }) => name(token, e)).join(' + ')} = 1`);
  const columns = Array.from({ length: experts }, (_, e) => all.map((__, token) => name(token, e)).join(' + ')).flatMap((sum, e) => [
    `most${e}: ${sum} <= ${Math.ceil(tokens / experts)}`,
    `least${e}: ${sum} >= ${Math.floor(tokens / experts)}`,
  ]);
  const wrap = (parts: readonly string[]) => parts.join('\n  ');
  const solution = highs.solve(`Maximize\n  sum: ${wrap(terms)}\nSubject To\n  ${wrap([...rows, ...columns])}\nEnd`);
  expect(solution.Status).toBe('Optimal');
  return solution.ObjectiveValue;
}

describe('BASE', () => {
  const sizes = [
    [64, 8],
    [96, 12],
    [40, 7],
    [100, 16],
    [5, 8],
    [40, 60],
    [16, 16],
  ] as const;
  for (const [law, score] of Object.entries(LAWS)) {
    it(`finds the optimum of the linear program, and loads that differ by at most one: ${law}`, () => {
      for (const [tokens, experts] of sizes) {
        const input = inputOf(score, tokens, experts, tokens);
        const assignment = router.route(input);
        const best = optimum(input);
        expect(Math.abs(sumOf(input, assignment) - best)).toBeLessThanOrEqual(1e-6 * Math.abs(best));
        const loads = loadsOf(input, assignment);
        expect(loads.reduce((sum, load) => sum + load, 0)).toBe(tokens);
        expect(Math.min(...loads)).toBe(Math.floor(tokens / experts));
        expect(Math.max(...loads)).toBe(Math.ceil(tokens / experts));
      }
    });
  }

  it('has the sum of the Hungarian method on whole scores, exactly', () => {
    const shape = fc.record({ tokens: fc.integer({ min: 1, max: 30 }), experts: fc.integer({ min: 1, max: 9 }) });
    const rows = shape.chain(({ tokens, experts }) =>
      fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: experts, maxLength: experts }), {
        minLength: tokens,
        maxLength: tokens,
      }),
    );
    fc.assert(
      fc.property(rows, (scores) => {
        const input = inputOf((token, e) => scores[token][e], scores.length, scores[0].length, 0);
        expect(sumOf(input, router.route(input))).toBe(bestBalancedSum(scores));
      }),
      { numRuns: 300 },
    );
  });

  it('is quick where experts are many more than tokens, and has the optimum there too', () => {
    const inputs = Object.values(LAWS).map((score) => inputOf(score, 128, 1024, 1));
    const start = performance.now();
    const assignments = inputs.map((input) => router.route(input));
    // A tenth of it, as it is; on the graph of the experts all six take three times as long as this.
    expect(performance.now() - start).toBeLessThan(1000);
    for (const { expert } of assignments) expect(new Set(expert).size).toBe(128);
    const { logits = new Float32Array(0) } = inputs[1];
    const rows = Array.from({ length: 128 }, (_, token) => [...logits.subarray(1024 * token, 1024 * (token + 1))]);
    expect(sumOf(inputs[1], assignments[1])).toBeCloseTo(bestBalancedSum(rows), 6);
  });

  it('is far from what greedy choices give when everybody wants one expert', () => {
    const input = inputOf(LAWS['one expert that everybody wants'], 64, 8, 3);
    const trained = router.route(input);
    const greedy = router.route({ ...input, training: false });
    expect(loadsOf(input, trained)).toEqual(new Array(8).fill(8));
    expect(loadsOf(input, greedy)).toEqual([8, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('takes the best expert at evaluation, the lower index of equal ones', () => {
    const logits = Float32Array.from([1, 3, 3, 0, 2, 1, -5, -5]);
    const evaluated = router.route({ tokens: 2, experts: 4, expertCapacity: 1, logits, training: false, draw: () => 0 });
    expect([...evaluated.expert]).toEqual([1, 0]);
    expect([...evaluated.weight]).toEqual([3, 2].map((logit) => Math.fround(1 / (1 + Math.exp(-logit)))));
  });

  it('needs four all-to-alls each way, two without its shuffle, and slots for its share alone', () => {
    expect(router.allToAlls).toBe(4);
    expect(createRouter('base', { shuffle: false }).allToAlls).toBe(2);
    expect(router.ownCapacity?.({ tokens: 100, experts: 8, capacityFactor: 2 })).toBe(13);
  });

  it('is optimal at the size of a group: no token gains by a move at the final prices', () => {
    const input = inputOf(LAWS.normal, 1024, 64, 5);
    const { expert } = router.route(input);
    expect(mostGained(input, expert)).toBeLessThan(1e-9);
  });
});

/** The most that the sum gains by moving tokens around a cycle of experts: longest paths between experts by Floyd and Warshall. */
function mostGained({ tokens, experts, logits = new Float32Array(0) }: RouterInput, expert: Int32Array): number {
  const gain = Array.from({ length: experts }, () => new Array<number>(experts).fill(Number.NEGATIVE_INFINITY));
  for (let token = 0; token < tokens; token++) {
    const from = expert[token];
    for (let e = 0; e < experts; e++) {
      gain[from][e] = Math.max(gain[from][e], logits[token * experts + e] - logits[token * experts + from]);
    }
  }
  for (let via = 0; via < experts; via++) {
    for (let from = 0; from < experts; from++) {
      for (let to = 0; to < experts; to++) gain[from][to] = Math.max(gain[from][to], gain[from][via] + gain[via][to]);
    }
  }
  return Math.max(...gain.map((row, e) => row[e]));
}
