import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose, uniform } from '../../src/base/index.ts';
import {
  addToTally,
  assignRecorded,
  createTally,
  droppedTokenFraction,
  expectedDroppedTokenFraction,
  expertUsage,
  loadEntropy,
  maxOverMean,
  ROUTERS,
  routerConfidence,
} from '../../src/routing/index.ts';
import vectors from '../vectors/expected_drop.json' with { type: 'json' };
import { routerInputs } from './scores.ts';

describe('expectedDroppedTokenFraction', () => {
  it('looks at every row', () => expect(vectors.rows.length).toBeGreaterThanOrEqual(20));

  it.each(vectors.rows)('$tokens tokens, $experts experts, capacity $capacity', (row) => {
    const expected = expectedDroppedTokenFraction(row.tokens, row.experts, row.capacity);
    expect(Math.abs(expected / row.expected_drop - 1)).toBeLessThan(1e-6);
  });

  it('knows the cases that need no formula', () => {
    expect(expectedDroppedTokenFraction(100, 1, 30)).toBeCloseTo(0.7, 12);
    expect(expectedDroppedTokenFraction(64, 8, 64)).toBe(0);
    expect(expectedDroppedTokenFraction(64, 8, 0)).toBeCloseTo(1, 12);
    // Two tokens, two experts, one slot: they collide half of the time and then one of two is dropped.
    expect(expectedDroppedTokenFraction(2, 2, 1)).toBeCloseTo(0.25, 12);
  });

  it('is what uniform draws come to, within four standard errors', () => {
    const [tokens, experts, expertCapacity, groups] = [512, 16, 36, 60];
    const shares: number[] = [];
    for (let group = 0; group < groups; group++) {
      const expert = Int32Array.from({ length: tokens }, (_, token) => Math.floor(uniform(3, Purpose.test, group, token) * experts));
      const tally = createTally(experts);
      addToTally(tally, assignRecorded({ tokens, experts, topK: 1, expertCapacity, expert }), tokens);
      shares.push(droppedTokenFraction(tally));
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / groups;
    const variance = shares.reduce((sum, share) => sum + (share - mean) * (share - mean), 0) / (groups - 1);
    const error = Math.sqrt(variance / groups);
    expect(error).toBeLessThan(0.005);
    expect(Math.abs(mean - expectedDroppedTokenFraction(tokens, experts, expertCapacity))).toBeLessThan(4 * error);
  });
});

describe('assignRecorded', () => {
  it('seats a router’s own top-1 choices as the router does', () => {
    fc.assert(
      fc.property(routerInputs, (input) => {
        const routed = ROUTERS['switch-top1'].route(input);
        const recorded = assignRecorded({ ...input, topK: 1, expert: routed.expert });
        expect(Array.from(recorded.slot)).toEqual(Array.from(routed.slot));
      }),
    );
  });

  it('queues second choices behind kept first choices and leaves out what was not chosen', () => {
    // Expert 0 is asked by both tokens first; token 1 has no second choice.
    const expert = Int32Array.from([0, 1, 0, -1, 1, 0]);
    const { slot, requested, weight } = assignRecorded({ tokens: 3, experts: 2, topK: 2, expertCapacity: 2, expert });
    expect(Array.from(slot)).toEqual([0, 1, 1, -1, 0, -1]);
    expect(Array.from(requested)).toEqual([1, 1, 1, 0, 1, 1]);
    expect(Array.from(weight)).toEqual([0.5, 0.5, 0.5, 0, 0.5, 0]);
  });

  it('refuses an expert that does not exist', () => {
    expect(() => assignRecorded({ tokens: 1, experts: 2, topK: 1, expertCapacity: 1, expert: Int32Array.of(2) })).toThrow(
      /recorded expert 2 of 2/,
    );
  });
});

describe('statistics of loads', () => {
  it('counts drops, usage and confidence of a small group by hand', () => {
    const probabilities = Float32Array.from([0.75, 0.25, 0.5, 0.5, 0.25, 0.75]);
    const assignment = ROUTERS['switch-top1'].route({ tokens: 3, experts: 2, probabilities, expertCapacity: 1, draw: () => 0 });
    const tally = createTally(2);
    expect(addToTally(tally, assignment, 3)).toBe(1);
    expect(Array.from(tally.requested)).toEqual([2, 1]);
    expect(Array.from(tally.kept)).toEqual([1, 1]);
    expect(droppedTokenFraction(tally)).toBeCloseTo(1 / 3, 12);
    expect(expertUsage(tally, 1)).toBe(1);
    expect(expertUsage(tally, 2)).toBe(0.5);
    expect(routerConfidence(tally)).toBe(0.75);
  });

  it('is defined for nothing at all', () => {
    const tally = createTally(4);
    expect([droppedTokenFraction(tally), expertUsage(tally, 0), routerConfidence(tally), maxOverMean(tally.kept)]).toEqual([0, 0, 0, 1]);
  });

  it('gives balance 1 and collapse its extremes', () => {
    expect(maxOverMean([5, 5, 5, 5])).toBe(1);
    expect(maxOverMean([0, 20, 0, 0])).toBe(4);
    expect(loadEntropy([5, 5, 5, 5])).toBeCloseTo(1, 14);
    expect(loadEntropy([0, 20, 0, 0])).toBeCloseTo(0, 14);
  });

  it('has an entropy that agrees with the platform’s logarithm', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(
        counts.filter((values) => values.some((value) => value > 0)),
        (values) => {
          const total = values.reduce((sum, value) => sum + value, 0);
          const nats = values.reduce((sum, value) => (value === 0 ? sum : sum - (value / total) * Math.log(value / total)), 0);
          expect(loadEntropy(values)).toBeCloseTo(nats / Math.log(values.length), 12);
        },
      ),
    );
  });
});
