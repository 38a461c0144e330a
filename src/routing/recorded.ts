import { assert } from '../base/index.ts';
import { type Assignment, createAssignment } from './assignment.ts';

/** Choices that were made elsewhere, for one group: recorded from a model, or drawn. */
export interface RecordedInput {
  readonly tokens: number;
  readonly experts: number;
  readonly topK: number;
  readonly expertCapacity: number;
  /** [tokens * topK], token-major, first choices first; -1 where the token made no such choice. */
  readonly expert: Int32Array;
}

/**
 * Seats recorded choices: all first choices in token order, then all second choices behind those that were kept, and so on.
 * Nothing is known about weights, so a kept choice has 1 / topK.
 */
export function assignRecorded(input: RecordedInput, into = createAssignment(input.tokens, input.tokens * input.topK)): Assignment {
  const { tokens, experts, topK, expertCapacity, expert } = input;
  assert(expert.length >= tokens * topK, `recorded choices: ${expert.length} for ${tokens} tokens x ${topK}`);
  const filled = new Int32Array(experts);
  for (let choice = 0; choice < topK; choice++) {
    for (let row = choice; row < tokens * topK; row += topK) {
      const chosen = expert[row];
      assert(chosen < experts, `recorded expert ${chosen} of ${experts}`);
      const kept = chosen >= 0 && filled[chosen] < expertCapacity;
      into.expert[row] = Math.max(chosen, 0);
      into.requested[row] = chosen < 0 ? 0 : 1;
      into.slot[row] = kept ? filled[chosen]++ : -1;
      into.weight[row] = kept ? 1 / topK : 0;
    }
  }
  return into;
}
