import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIssue, splitIntoGroups } from '../../src/routing/index.ts';
import vectors from '../vectors/groups.json' with { type: 'json' };

describe('splitIntoGroups', () => {
  it('looks at every row', () => expect(vectors.rows.length).toBeGreaterThanOrEqual(11));

  it.each(vectors.rows)('$n tokens, at most $max_group, number a multiple of $mesh', (row) => {
    const split = splitIntoGroups(row.n, row.max_group, row.mesh);
    if (row.groups === null) {
      expect(isIssue(split) && split.code).toBe('E_GROUPS');
      expect(isIssue(split) && split.value).toContain(String(row.n));
    } else {
      expect(split).toEqual({ groups: row.groups, groupTokens: row.group_size });
    }
  });

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
