import { log } from '../base/index.ts';
import type { Assignment } from './assignment.ts';

/** Adds one group's choices to requested[at + expert] and kept[at + expert]; what belongs to no single expert is returned. */
export function countAssignment(
  assignment: Assignment,
  tokens: number,
  requested: Int32Array,
  kept: Int32Array,
  at: number,
): {
  /** Tokens none of whose choices found a slot. */
  droppedTokens: number;
  /** Sum of the combine weights of kept choices; over their number it is google/flaxformer's router confidence (moe_layers.py). */
  keptWeight: number;
} {
  const { token, expert, slot, requested: asked, weight } = assignment;
  const served = new Uint8Array(tokens);
  let droppedTokens = tokens;
  let keptWeight = 0;
  for (let row = 0; row < expert.length; row++) {
    requested[at + expert[row]] += asked[row];
    if (slot[row] < 0) continue;
    kept[at + expert[row]]++;
    keptWeight += weight[row];
    droppedTokens -= 1 - served[token[row]];
    served[token[row]] = 1;
  }
  return { droppedTokens, keptWeight };
}

/** Fullest expert over the mean: 1 is perfect balance, the number of experts is collapse. */
export function maxOverMean(counts: ArrayLike<number>): number {
  let most = 0;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    most = Math.max(most, counts[i]);
    sum += counts[i];
  }
  return most === 0 ? 1 : (most * counts.length) / sum;
}

/** Entropy of the shares over that of equal shares, -sum q log q / log E: 1 is perfect balance, 0 is collapse; 1 where there is nothing to share. */
export function relativeEntropy(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i];
  if (counts.length === 1 || sum === 0) return 1;
  let entropy = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) entropy -= (counts[i] / sum) * log(counts[i] / sum);
  return Math.min(1, entropy / log(counts.length));
}
