import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose, uniform } from '../../src/base/index.ts';
import {
  assignRecorded,
  countAssignment,
  createRouter,
  expectedDroppedTokenFraction,
  maxOverMean,
  routingSizes,
} from '../../src/routing/index.ts';
import { routerInputs } from './scores.ts';

describe('expectedDroppedTokenFraction', () => {
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
      const assignment = assignRecorded({ tokens, experts, topK: 1, expertCapacity, expert });
      shares.push(countAssignment(assignment, tokens, new Int32Array(experts), new Int32Array(experts), 0).droppedTokens / tokens);
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
        const routed = createRouter('switch-top1').route(input);
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

describe('counts of choices', () => {
  it('are those of a small group by hand, added to what stands there', () => {
    const probabilities = Float32Array.from([0.75, 0.25, 0.5, 0.5, 0.25, 0.75]);
    const assignment = createRouter('switch-top1').route({
      tokens: 3,
      experts: 2,
      probabilities,
      expertCapacity: 1,
      draw: () => 0,
      training: true,
    });
    const requested = Int32Array.from([7, 0, 5]);
    const kept = new Int32Array(3);
    expect(countAssignment(assignment, 3, requested, kept, 1)).toEqual({ droppedTokens: 1, keptWeight: 1.5 });
    expect([Array.from(requested), Array.from(kept)]).toEqual([
      [7, 2, 6],
      [0, 1, 1],
    ]);
  });
});

describe('maxOverMean', () => {
  it('gives balance, collapse and nothing at all their extremes', () => {
    expect(maxOverMean([5, 5, 5, 5])).toBe(1);
    expect(maxOverMean([0, 20, 0, 0])).toBe(4);
    expect(maxOverMean([0, 0, 0, 0])).toBe(1);
  });
});

describe('routingSizes', () => {
  it('are choices and slots by name, and unknown names are refused', () => {
    const choice = { router: 'gshard-top2', options: {}, capacityFactor: 1.25, capacityRule: 'mesh-tf' };
    expect(routingSizes({ ...choice, router: 'switch-top1' }, 1024, 128)).toEqual({ topK: 1, expertCapacity: 10 });
    expect(routingSizes(choice, 1024, 128).topK).toBe(2);
    expect(() => routingSizes({ ...choice, router: 'gshard-top3' }, 1024, 128)).toThrow(/did you mean gshard-top2/);
  });
});
