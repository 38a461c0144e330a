import { expect } from 'vitest';
import { isIssue, splitIntoGroups } from '../../../src/routing/index.ts';
import type { VectorFile } from '../case.ts';

interface Row {
  readonly n: number;
  readonly max_group: number;
  readonly mesh: number;
  readonly groups: number | null;
  readonly group_size: number | null;
}

/** How tokens are cut into groups; null where they cannot be. */
export function groups({ rows }: { readonly rows: readonly Row[] }): VectorFile {
  const cases = rows.map((row) => ({
    name: `${row.n} tokens, at most ${row.max_group}, a multiple of ${row.mesh} groups`,
    run: () => {
      const split = splitIntoGroups(row.n, row.max_group, row.mesh);
      if (row.groups === null) expect(isIssue(split)).toBe(true);
      else expect(split).toEqual({ groups: row.groups, groupTokens: row.group_size });
    },
  }));
  return { cases };
}
