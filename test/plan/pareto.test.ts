import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dominates, paretoFront } from '../../src/plan/index.ts';

// Few values, so that ties are common.
const costs = fc.record({ stepSeconds: fc.integer({ min: 1, max: 6 }), dollarsPerBillionTokens: fc.integer({ min: 1, max: 6 }) });
const members = fc.array(costs, { minLength: 1, maxLength: 20 });

describe('the Pareto front', () => {
  it('has no member that any other beats', () => {
    fc.assert(
      fc.property(members, (all) => {
        for (const member of paretoFront(all)) expect(all.some((other) => dominates(other, member))).toBe(false);
      }),
    );
  });

  it('beats everybody who is not on it', () => {
    fc.assert(
      fc.property(members, (all) => {
        const front = paretoFront(all);
        expect(front.length).toBeGreaterThan(0);
        for (const member of all.filter((one) => !front.includes(one))) expect(front.some((other) => dominates(other, member))).toBe(true);
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(members, (all) => {
        const key = (list: typeof all) => list.map((one) => JSON.stringify(one)).sort();
        expect(key(paretoFront(all.toReversed()))).toEqual(key(paretoFront(all)));
      }),
    );
  });

  it('is a strict order: nobody beats itself, and never both each other', () => {
    fc.assert(
      fc.property(costs, costs, (a, b) => {
        expect(dominates(a, a)).toBe(false);
        expect(dominates(a, b) && dominates(b, a)).toBe(false);
      }),
    );
  });
});
