import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, assignRecorded } from '../../src/routing/index.ts';
import { routerInputsOf } from './scores.ts';
import { ROUTER_VARIANTS } from './variants.ts';

const INPUTS = fc.sample(routerInputsOf(8), { numRuns: 120, seed: 5 }).filter(({ experts }) => experts === 8);
const QUEUED = ROUTER_VARIANTS.filter(({ router }) => router.ownCapacity === null && !router.reads.includes('recorded'));

describe('choices of a router that are given back to it', () => {
  it('come from many inputs and routers', () => {
    expect(INPUTS.length).toBeGreaterThan(40);
    expect(QUEUED.filter(({ router }) => router.ownRule !== undefined).length).toBeGreaterThan(6);
    expect(QUEUED.filter(({ router }) => router.ownRule === undefined).length).toBeGreaterThan(12);
  });

  it.each(QUEUED.map((variant) => [variant.name, variant.router] as const))(
    'are seated as its own under %s, or it names the rule',
    (_, router) => {
      const seats = ({ requested, slot }: Pick<Assignment, 'requested' | 'slot'>): string => `${requested} ${slot}`;
      const alike = INPUTS.map((input) => {
        const own = router.route(input);
        const { tokens, experts, expertCapacity } = input;
        const given = assignRecorded({ tokens, experts, expertCapacity, topK: router.topK, expert: own.expert });
        return seats(own) === seats(given);
      });
      expect(alike.every((same) => same)).toBe(router.ownRule === undefined);
    },
  );
});
