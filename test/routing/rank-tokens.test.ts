import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRouter } from '../../src/routing/index.ts';

/** Values from 0 to 1 with many ties, tiny ones among them. */
const scores = fc.array(fc.constantFrom(0, 1e-45, 1e-38, 1e-9, 0.125, 0.25, 0.2500001, 0.5, 0.75, 1), { minLength: 1, maxLength: 200 });

it('expert choice ranks tokens as a stable sort by falling score does, however many it takes', () => {
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 200 }), (column, most) => {
      const tokens = column.length;
      const expertCapacity = Math.min(most, tokens);
      const probabilities = Float32Array.from(column);
      const { token, weight } = createRouter('expert-choice').route({
        tokens,
        experts: 1,
        expertCapacity,
        probabilities,
        training: true,
        draw: () => 0,
      });
      const wanted = column.map((_, t) => t).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
      expect(Array.from(token)).toEqual(wanted.slice(0, expertCapacity));
      expect(Array.from(weight)).toEqual(wanted.slice(0, expertCapacity).map((t) => probabilities[t]));
    }),
  );
});
