import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPACITY_RULES, pythonRound } from '../../src/routing/index.ts';

describe('capacity rules', () => {
  it('rounds halves to even, as Python does', () => {
    expect([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, 2.4, 2.6].map(pythonRound)).toEqual([0, 2, 2, 4, 0, -2, 2, 3]);
    // 36 tokens over 8 experts are 4.5 each: Math.round would say 5.
    expect(CAPACITY_RULES.flaxformer.expertCapacity({ tokens: 36, experts: 8, capacityFactor: 1, topK: 1 })).toBe(4);
  });

  const rules = Object.entries(CAPACITY_RULES);
  it.each(rules)('%s: whole slots, never fewer for a larger factor', (_, rule) => {
    const sizes = {
      tokens: fc.integer({ min: 1, max: 5000 }),
      experts: fc.integer({ min: 1, max: 300 }),
      topK: fc.integer({ min: 1, max: 8 }),
    };
    const factor = fc.double({ min: 0.5, max: 4, noNaN: true });
    fc.assert(
      fc.property(fc.record(sizes), factor, factor, (size, a, b) => {
        const less = rule.expertCapacity({ ...size, capacityFactor: Math.min(a, b) });
        const more = rule.expertCapacity({ ...size, capacityFactor: Math.max(a, b) });
        expect(Number.isInteger(less) && less >= 0).toBe(true);
        expect(more).toBeGreaterThanOrEqual(less);
      }),
    );
  });
});
