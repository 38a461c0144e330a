import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose, uniform } from '../../src/base/index.ts';
import {
  type Assignment,
  countAssignment,
  createAssignment,
  expectedDroppedTokenFraction,
  ROUTERS,
  type Router,
  type RouterInput,
} from '../../src/routing/index.ts';
import { ORACLES } from './oracles/index.ts';
import { routerInputsOf, type ScoredInput, scoredInput } from './scores.ts';
import { ROUTER_VARIANTS } from './variants.ts';

const plain = (assignment: Assignment): unknown => ({
  token: Array.from(assignment.token),
  expert: Array.from(assignment.expert),
  slot: Array.from(assignment.slot),
  requested: Array.from(assignment.requested),
  weight: Array.from(assignment.weight),
});

const tallyOf = (router: Router, input: RouterInput) => {
  const requested = new Int32Array(input.experts);
  const kept = new Int32Array(input.experts);
  return { requested, kept, ...countAssignment(router.route(input), input.tokens, requested, kept, 0) };
};

/** Inputs that a router can answer: where it fixes the capacity itself, with that capacity. */
const inputsFor = (router: Router): fc.Arbitrary<ScoredInput> =>
  routerInputsOf(Math.max(4, router.topK)).map((input) => {
    if (router.ownCapacity === null) return input;
    return { ...input, expertCapacity: router.ownCapacity({ tokens: input.tokens, experts: input.experts, capacityFactor: 1 }) };
  });

it('has an oracle of its own for every router, and none for a router that is gone (test/routing/oracles)', () => {
  expect(Object.keys(ORACLES).sort()).toEqual(Object.keys(ROUTERS).sort());
});

/** What holds for every router; a new entry of the registry is tested without a line here, except that its oracle must be written. */
describe.each(ROUTER_VARIANTS.map((variant) => [variant.name, variant] as const))('router %s', (_, { key, options, router }) => {
  const inputs = inputsFor(router);

  it('seats nobody twice in one slot, fills no expert beyond its capacity, and gives no token the same expert twice', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { token, expert, slot } = router.route(input);
        const taken = new Set<string>();
        for (const [row, seat] of slot.entries()) {
          if (seat < 0) continue;
          expect(seat).toBeLessThan(input.expertCapacity);
          for (const place of [`slot ${expert[row]}:${seat}`, `token ${token[row]}:${expert[row]}`]) {
            expect(taken.has(place)).toBe(false);
            taken.add(place);
          }
        }
      }),
    );
  });

  it('gives weight exactly to what has a slot, and no slot without a request', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { token, expert, slot, requested, weight } = router.route(input);
        expect(token.length).toBe(router.rows(input));
        for (let row = 0; row < token.length; row++) {
          expect(weight[row] > 0).toBe(slot[row] >= 0);
          if (requested[row] === 0) expect(slot[row]).toBe(-1);
          expect(expert[row] >= 0 && expert[row] < input.experts).toBe(true);
          expect(token[row] >= 0 && token[row] < input.tokens).toBe(true);
        }
      }),
    );
  });

  it('has a row for every choice of a token, or for every slot where experts choose', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { tokens, experts, expertCapacity } = input;
        expect(router.rows(input)).toBe(router.expertsChoose ? experts * expertCapacity : tokens * router.topK);
      }),
    );
  });

  it('accounts for every token: in = processed + dropped, and kept never exceeds requested', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { token, slot } = router.route(input);
        const tally = tallyOf(router, input);
        const processed = new Set([...token].filter((_, row) => slot[row] >= 0)).size;
        expect(processed + tally.droppedTokens).toBe(input.tokens);
        for (const [expert, kept] of tally.kept.entries()) expect(kept).toBeLessThanOrEqual(tally.requested[expert]);
      }),
    );
  });

  if (router.ownCapacity === null)
    it('never drops more when an expert has more slots, and nothing when it has enough for all', () => {
      fc.assert(
        fc.property(inputs, fc.integer({ min: 1, max: 10 }), (input, more) => {
          const roomier = { ...input, expertCapacity: input.expertCapacity + more };
          expect(tallyOf(router, roomier).droppedTokens).toBeLessThanOrEqual(tallyOf(router, input).droppedTokens);
          const ample = { ...input, expertCapacity: input.tokens * router.topK };
          expect(tallyOf(router, ample).droppedTokens).toBe(0);
        }),
      );
    });

  it('answers the same again, also into a used assignment', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const rows = router.rows(input);
        const used = createAssignment(input.tokens, rows);
        for (const column of [used.expert, used.slot, used.requested, used.weight]) column.fill(77);
        const again = router.route(input, used);
        expect(again).toBe(used);
        expect(plain(again)).toEqual(plain(router.route(input)));
      }),
    );
  });

  it('equals the dense one-hot oracle, slot by slot, and its auxiliary loss', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const assignment = router.route(input);
        const { token, expert, slot, weight } = assignment;
        const dense = new Float64Array(input.tokens * input.experts * input.expertCapacity);
        for (const [row, seat] of slot.entries()) {
          if (seat >= 0) dense[(token[row] * input.experts + expert[row]) * input.expertCapacity + seat] = weight[row];
        }
        const wanted = ORACLES[key](input, options, assignment);
        expect(wanted.combine.length).toBe(dense.length);
        expect(wanted.combine.reduce((most, value, i) => Math.max(most, Math.abs(dense[i] - value)), 0)).toBeLessThan(1e-6);
        expect(Math.abs(router.auxiliaryLoss(input, assignment) - wanted.auxiliaryLoss)).toBeLessThan(
          1e-5 * Math.max(1, wanted.auxiliaryLoss),
        );
      }),
    );
  });

  const dropsLikeUniform =
    router.topK === 1 && router.ownCapacity === null && router.reads[0] === 'probabilities' && key !== 'no-token-left-behind';
  if (dropsLikeUniform)
    it('drops what uniform choices are expected to, within four standard errors of the exact binomial mean', () => {
      const [tokens, experts, expertCapacity, groups] = [256, 8, 36, 80];
      const shares = Array.from({ length: groups }, (_, group) => {
        const scores = Array.from({ length: tokens }, (_, token) =>
          Array.from({ length: experts }, (_, e) => scoredUniform(group, token, e)),
        );
        return tallyOf(router, scoredInput(scores, expertCapacity, group)).droppedTokens / tokens;
      });
      const mean = shares.reduce((sum, share) => sum + share, 0) / groups;
      const variance = shares.reduce((sum, share) => sum + (share - mean) * (share - mean), 0) / (groups - 1);
      const error = Math.sqrt(variance / groups);
      expect(error).toBeGreaterThan(0);
      expect(Math.abs(mean - expectedDroppedTokenFraction(tokens, experts, expertCapacity))).toBeLessThan(4 * error);
    });
});

/** Independent logits, so that every expert is equally likely to be the largest. */
function scoredUniform(group: number, token: number, expert: number): number {
  return uniform(7, Purpose.test, group * 8 + expert, token);
}

it('the conformance suite looked at every router', () => {
  expect(new Set(ROUTER_VARIANTS.map(({ key }) => key))).toEqual(new Set(Object.keys(ROUTERS)));
  expect(ROUTER_VARIANTS.length).toBeGreaterThan(Object.keys(ROUTERS).length);
});
