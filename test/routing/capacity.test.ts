import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPACITY_RULES, pythonRound } from '../../src/routing/index.ts';
import vectors from '../vectors/capacity_rules.json' with { type: 'json' };

describe('capacity rules give the slots of the implementations that they are named after', () => {
  it('looks at every row', () => expect(vectors.rows.length).toBeGreaterThanOrEqual(12));

  it.each(vectors.rows)('$tokens tokens, $experts experts, cf $cf, k $k', (row) => {
    const slots = (rule: string, topK = row.k): number =>
      CAPACITY_RULES[rule].expertCapacity({ tokens: row.tokens, experts: row.experts, capacityFactor: row.cf, topK });
    expect({
      mtf: slots('mesh-tf'),
      flaxformer: slots('flaxformer'),
      lingvo: slots('lingvo'),
      vmoe_ceil: slots('v-moe'),
      deepspeed_top1: slots('deepspeed', 1),
      deepspeed_top2: slots('deepspeed', 2),
      deepspeed_topk: slots('deepspeed'),
      tutel: slots('tutel'),
      megablocks: slots('megablocks'),
      maxtext: slots('maxtext'),
    }).toEqual({
      mtf: row.mtf,
      flaxformer: row.flaxformer,
      lingvo: row.lingvo,
      vmoe_ceil: row.vmoe_ceil,
      deepspeed_top1: row.deepspeed_top1,
      deepspeed_top2: row.deepspeed_top2,
      deepspeed_topk: row.deepspeed_topk,
      tutel: row.tutel,
      megablocks: row.megablocks,
      maxtext: row.maxtext,
    });
  });

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
