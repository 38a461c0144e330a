import { expect } from 'vitest';
import { CAPACITY_RULES, expectedDroppedTokenFraction } from '../../../src/routing/index.ts';
import type { VectorFile } from '../case.ts';

interface Row {
  readonly tokens: number;
  readonly experts: number;
  readonly cf: number;
  readonly capacity: number;
  readonly expected_drop: number;
}

/** Digits of the file: relative. */
const TOLERANCE = 1e-6;
const LEAST = 1e-300;

/** Expected share of dropped tokens under independent uniform choices, and the capacity that goes with it. */
export function expectedDrop({ rows }: { readonly rows: readonly Row[] }): VectorFile {
  const cases = rows.map((row) => ({
    name: `${row.tokens} tokens, ${row.experts} experts, cf ${row.cf}`,
    run: () => {
      const { tokens, experts, cf: capacityFactor } = row;
      expect(CAPACITY_RULES['mesh-tf'].expertCapacity({ tokens, experts, capacityFactor, topK: 1 })).toBe(row.capacity);
      const dropped = expectedDroppedTokenFraction(tokens, experts, row.capacity);
      // Where every token has a slot there is nothing to divide by; far from the mean a double has no digits left.
      if (row.expected_drop === 0) expect(dropped).toBeLessThan(LEAST);
      else expect(Math.abs(dropped / row.expected_drop - 1)).toBeLessThan(TOLERANCE);
    },
  }));
  return { cases };
}
