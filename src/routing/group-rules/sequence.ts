import type { GroupRule } from '../group-rule.ts';

/** Every sequence is a group. */
export const sequence: GroupRule = {
  title: 'one group per sequence',
  formula: 'groups = sequences',
  source:
    'huggingface/transformers modeling_switch_transformers.py SwitchTransformersTop1Router; AI-Hypercomputer/maxtext moe.py (capacity per sequence)',
  readsGroupTokens: false,
  split: ({ tokens, sequences }) => ({ groups: sequences, groupTokens: tokens / sequences }),
};
