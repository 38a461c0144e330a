import type { Assignment } from '../routing/index.ts';

/** Adds one group's choices to requested[at + expert] and kept[at + expert]. */
export function countAssignment(
  assignment: Assignment,
  tokens: number,
  requested: Int32Array,
  kept: Int32Array,
  at: number,
): { droppedTokens: number; keptWeight: number } {
  const { topK, expert, slot, requested: asked, weight } = assignment;
  let droppedTokens = 0;
  let keptWeight = 0;
  for (let token = 0, row = 0; token < tokens; token++) {
    let keptChoices = 0;
    for (let choice = 0; choice < topK; choice++, row++) {
      requested[at + expert[row]] += asked[row];
      if (slot[row] < 0) continue;
      kept[at + expert[row]]++;
      keptWeight += weight[row];
      keptChoices++;
    }
    if (keptChoices === 0) droppedTokens++;
  }
  return { droppedTokens, keptWeight };
}
