import type { Issue } from '../base/index.ts';

/** How the tokens of one Switch layer are cut into groups: group g holds the tokens g * groupTokens .. (g + 1) * groupTokens - 1. */
export interface Groups {
  readonly groups: number;
  readonly groupTokens: number;
}

/**
 * floor(tokens / maxGroupTokens) groups, plus one at a time until their number is a multiple of `multipleOf` and divides the tokens.
 * A group may so exceed the maximum: 5,000 tokens at 1,024 make 4 groups of 1,250. Groups are ranges of tokens, whatever the layout.
 * Source: tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _split_into_groups.
 */
export function splitIntoGroups(tokens: number, maxGroupTokens: number, multipleOf: number): Groups | Issue {
  const fewest = Math.max(1, Math.floor(tokens / maxGroupTokens));
  const groups = divisors(tokens).find((divisor) => divisor >= fewest && divisor % multipleOf === 0);
  if (groups !== undefined) return { groups, groupTokens: tokens / groups };
  return {
    code: 'E_GROUPS',
    path: 'routing.groupTokens',
    value: `${tokens} tokens in groups of at most ${maxGroupTokens}, their number a multiple of ${multipleOf}`,
    rule: `the number of groups must be a multiple of ${multipleOf} and divide the ${tokens} tokens of a layer`,
    remedy: `make sequences x length a multiple of ${multipleOf}, or lower routing.groupsMultipleOf`,
  };
}

export function isIssue(split: Groups | Issue): split is Issue {
  return 'code' in split;
}

/** All divisors in increasing order, in square root of n steps: counting groups up one by one would take n of them. */
function divisors(n: number): number[] {
  const small: number[] = [];
  for (let divisor = 1; divisor * divisor <= n; divisor++) if (n % divisor === 0) small.push(divisor);
  const large = small.map((divisor) => n / divisor).reverse();
  return large[0] === small[small.length - 1] ? [...small, ...large.slice(1)] : [...small, ...large];
}
