import { describe, expect, it } from 'vitest';
import { type Assignment, CAPACITY_RULES, createRouter } from '../../src/routing/index.ts';
import switchVectors from '../vectors/switch_top1.json' with { type: 'json' };
import topTwoVectors from '../vectors/top2.json' with { type: 'json' };
import { softmaxRows } from './scores.ts';

/** Digits of agreement with the float64 references. */
const DIGITS = 6;
const column = (values: ArrayLike<number>, topK: number, choice: number): number[] =>
  Array.from(values).filter((_, row) => row % topK === choice);
const bits = (values: readonly number[]): number[] => values.map((value) => (value >= 0 ? 1 : 0));
const expectNear = (actual: readonly number[], wanted: readonly number[]): void => {
  expect(actual.length).toBe(wanted.length);
  for (const [row, value] of wanted.entries()) expect(actual[row]).toBeCloseTo(value, DIGITS);
};
const keptOnly = (weights: readonly number[], kept: readonly number[]): number[] => weights.map((weight, row) => weight * kept[row]);

describe('switch-top1 gives the reference answers', () => {
  it('looks at every case', () => expect(switchVectors.cases.length).toBeGreaterThanOrEqual(4));

  for (const example of switchVectors.cases) {
    it(example.name, () => {
      const { tokens, experts, out } = example;
      const probabilities = softmaxRows(example.logits);
      const assignment = createRouter('switch-top1').route({
        tokens,
        experts,
        probabilities,
        expertCapacity: out.capacity,
        draw: () => 0,
        training: true,
      });
      expect(Array.from(assignment.expert)).toEqual(out.expert_index);
      expect(Array.from(assignment.slot)).toEqual(out.position_in_expert.map((position, row) => (out.kept[row] ? position : -1)));
      expectNear(Array.from(assignment.weight), keptOnly(out.gate, out.kept));
      const sums = new Float64Array(experts);
      for (const [i, probability] of probabilities.entries()) sums[i % experts] += probability;
      expectNear(
        Array.from(sums, (sum) => sum / tokens),
        out.P,
      );
    });
    if (example.min_expert_capacity === 4) {
      it(`${example.name}: mesh-tf gives its capacity`, () => {
        const { tokens, experts, capacity_factor: capacityFactor } = example;
        expect(CAPACITY_RULES['mesh-tf'].expertCapacity({ tokens, experts, capacityFactor, topK: 1 })).toBe(example.out.capacity);
      });
    }
  }
});

describe('top-2 routers give the reference answers', () => {
  it('looks at every case', () => expect(topTwoVectors.cases.length).toBeGreaterThanOrEqual(2));

  for (const example of topTwoVectors.cases) {
    const { tokens, experts, uniform } = example;
    const probabilities = softmaxRows(example.logits);
    const route = (router: string, expertCapacity: number, draw: (token: number) => number): Assignment =>
      createRouter(router).route({ tokens, experts, probabilities, expertCapacity, draw, training: true });

    it.each([
      ['random second choices', example.mtf_random, (token: number) => uniform[token]],
      // A draw of 0 always asks for the second expert: the `all` policy.
      ['all second choices', example.mtf_all, () => 0],
    ])(`mtf-top2, seed ${example.seed}, %s`, (_, out, draw) => {
      const assignment = route('mtf-top2', out.capacity, draw);
      expect(column(assignment.expert, 2, 0)).toEqual(out.index1);
      expect(column(assignment.expert, 2, 1)).toEqual(out.index2);
      expect(column(assignment.requested, 2, 1)).toEqual(out.second_requested);
      expect(column(assignment.slot, 2, 0)).toEqual(out.pos1.map((position, row) => (out.kept1[row] ? position : -1)));
      expect(column(assignment.slot, 2, 1)).toEqual(out.pos2.map((position, row) => (out.kept2[row] ? position : -1)));
      expectNear(column(assignment.weight, 2, 0), keptOnly(out.gate1, out.kept1));
      expectNear(column(assignment.weight, 2, 1), keptOnly(out.gate2, out.kept2));
    });

    it(`gshard-top2, seed ${example.seed}`, () => {
      const out = example.gshard_algorithm1;
      const assignment = route('gshard-top2', out.capacity, (token) => uniform[token]);
      expect(bits(column(assignment.slot, 2, 0))).toEqual(out.kept1);
      expect(bits(column(assignment.slot, 2, 1))).toEqual(out.kept2);
      expectNear(column(assignment.weight, 2, 0), keptOnly(out.gate1, out.kept1));
      expectNear(column(assignment.weight, 2, 1), keptOnly(out.gate2, out.kept2));
    });
  }
});
