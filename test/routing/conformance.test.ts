import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, countAssignment, createAssignment, ROUTERS, type Router, type RouterInput } from '../../src/routing/index.ts';
import { ORACLES } from './oracle.ts';
import { routerInputs } from './scores.ts';

const plain = (assignment: Assignment): unknown => ({
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

it('has an oracle of its own for every router, and none for a router that is gone (test/routing/oracle.ts)', () => {
  expect(Object.keys(ORACLES).sort()).toEqual(Object.keys(ROUTERS).sort());
});

/** What holds for every router; a new entry of the registry is tested without a line here, except that its oracle must be written. */
describe.each(Object.entries(ROUTERS))('router %s', (key, router) => {
  it('seats nobody twice in one slot and fills no expert beyond its capacity', () => {
    fc.assert(
      fc.property(routerInputs, (input) => {
        const { expert, slot } = router.route(input);
        const taken = new Set<string>();
        for (const [row, seat] of slot.entries()) {
          if (seat < 0) continue;
          expect(seat).toBeLessThan(input.expertCapacity);
          const place = `${expert[row]}:${seat}`;
          expect(taken.has(place)).toBe(false);
          taken.add(place);
        }
      }),
    );
  });

  it('gives weight exactly to what has a slot, at most 1 per token, and no slot without a request', () => {
    fc.assert(
      fc.property(routerInputs, (input) => {
        const { expert, slot, requested, weight, topK } = router.route(input);
        expect(topK).toBe(router.topK);
        for (let token = 0; token < input.tokens; token++) {
          let sum = 0;
          for (let row = token * topK; row < (token + 1) * topK; row++) {
            expect(weight[row] > 0).toBe(slot[row] >= 0);
            if (requested[row] === 0) expect(slot[row]).toBe(-1);
            expect(expert[row]).toBeLessThan(input.experts);
            sum += weight[row];
          }
          expect(sum).toBeLessThanOrEqual(1 + 1e-6);
        }
      }),
    );
  });

  it('accounts for every token: in = processed + dropped, and kept never exceeds requested', () => {
    fc.assert(
      fc.property(routerInputs, (input) => {
        const { slot, topK } = router.route(input);
        const tally = tallyOf(router, input);
        let processed = 0;
        for (let token = 0; token < input.tokens; token++) {
          if (slot.subarray(token * topK, (token + 1) * topK).some((seat) => seat >= 0)) processed++;
        }
        expect(processed + tally.droppedTokens).toBe(input.tokens);
        for (const [expert, kept] of tally.kept.entries()) expect(kept).toBeLessThanOrEqual(tally.requested[expert]);
      }),
    );
  });

  it('never drops more when an expert has more slots, and nothing when it has enough for all', () => {
    fc.assert(
      fc.property(routerInputs, fc.integer({ min: 1, max: 10 }), (input, more) => {
        const roomier = { ...input, expertCapacity: input.expertCapacity + more };
        expect(tallyOf(router, roomier).droppedTokens).toBeLessThanOrEqual(tallyOf(router, input).droppedTokens);
        const ample = { ...input, expertCapacity: input.tokens * router.topK };
        expect(tallyOf(router, ample).droppedTokens).toBe(0);
      }),
    );
  });

  it('answers the same again, also into a used assignment', () => {
    fc.assert(
      fc.property(routerInputs, (input) => {
        const used = createAssignment(input.tokens, router.topK);
        for (const column of [used.expert, used.slot, used.requested, used.weight]) column.fill(77);
        const again = router.route(input, used);
        expect(again).toBe(used);
        expect(plain(again)).toEqual(plain(router.route(input)));
      }),
    );
  });

  it('gives ties to the lower index', () => {
    const probabilities = new Float32Array(3 * 4).fill(0.25);
    const { expert, topK } = router.route({ tokens: 3, experts: 4, probabilities, expertCapacity: 3, draw: () => 0 });
    for (const [row, chosen] of expert.entries()) expect(chosen).toBe(row % topK);
  });

  it('equals the dense one-hot oracle', () => {
    const oracle = ORACLES[key];
    fc.assert(
      fc.property(routerInputs, (input) => {
        const { expert, slot, weight, topK } = router.route(input);
        const dense = new Float64Array(input.tokens * input.experts * input.expertCapacity);
        for (const [row, seat] of slot.entries()) {
          if (seat < 0) continue;
          dense[(Math.floor(row / topK) * input.experts + expert[row]) * input.expertCapacity + seat] = weight[row];
        }
        const wanted = oracle(input);
        expect(wanted.length).toBe(dense.length);
        for (const [i, value] of wanted.entries()) expect(Math.abs(dense[i] - value)).toBeLessThan(1e-6);
      }),
    );
  });
});

it('the conformance suite looked at routers', () => expect(Object.keys(ROUTERS).length).toBeGreaterThanOrEqual(3));
