import type { CapacityRule } from '../capacity-rule.ts';

/** MaxText, whose groups are sequences. */
export const maxtext: CapacityRule = {
  title: 'MaxText',
  formula: 'int(max(ceil(S * k / E) * cf, cf))',
  source: 'AI-Hypercomputer/maxtext@e591f30 moe.py generate_masks',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) =>
    Math.trunc(Math.max(Math.ceil((tokens * topK) / experts) * capacityFactor, capacityFactor)),
};
