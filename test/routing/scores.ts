import fc from 'fast-check';
import { Purpose, uniform } from '../../src/base/index.ts';
import type { RouterInput } from '../../src/routing/index.ts';

/** Softmax of each row in f64, stored as f32. */
export function softmaxRows(logits: readonly (readonly number[])[]): Float32Array {
  const experts = logits[0].length;
  const out = new Float32Array(logits.length * experts);
  logits.forEach((row, token) => {
    const top = Math.max(...row);
    const powers = row.map((logit) => Math.exp(logit - top));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, expert) => {
      out[token * experts + expert] = power / sum;
    });
  });
  return out;
}

/** Router inputs with many ties: logits are small whole numbers, so equal probabilities are common. */
export const routerInputs = fc
  .record({ tokens: fc.integer({ min: 1, max: 40 }), experts: fc.integer({ min: 2, max: 9 }), seed: fc.nat() })
  .chain(({ tokens, experts, seed }) =>
    fc.record({
      expertCapacity: fc.integer({ min: 1, max: tokens + 2 }),
      logits: fc.array(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: experts, maxLength: experts }), {
        minLength: tokens,
        maxLength: tokens,
      }),
      seed: fc.constant(seed),
    }),
  )
  .map(
    ({ expertCapacity, logits, seed }): RouterInput => ({
      tokens: logits.length,
      experts: logits[0].length,
      probabilities: softmaxRows(logits),
      expertCapacity,
      draw: (token) => uniform(seed, Purpose.test, 0, token),
    }),
  );
