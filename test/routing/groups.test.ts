import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIssue, splitIntoGroups } from '../../src/routing/index.ts';

describe('splitIntoGroups', () => {
  it('covers all tokens with equal groups, as few as the rule allows', () => {
    const size = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 32 }), (tokens, maxGroupTokens, multipleOf) => {
        const split = splitIntoGroups(tokens, maxGroupTokens, multipleOf);
        const fits = (groups: number): boolean => groups % multipleOf === 0 && tokens % groups === 0;
        const wanted = Array.from({ length: tokens }, (_, i) => i + 1).find(
          (groups) => groups >= Math.floor(tokens / maxGroupTokens) && fits(groups),
        );
        if (wanted === undefined) expect(isIssue(split)).toBe(true);
        else expect(split).toEqual({ groups: wanted, groupTokens: tokens / wanted });
      }),
    );
  });
});
