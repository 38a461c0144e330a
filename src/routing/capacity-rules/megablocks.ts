import type { CapacityRule } from '../capacity-rule.ts';

/** MegaBlocks with dropping; its dropless mode has no capacity. */
export const megablocks: CapacityRule = {
  title: 'MegaBlocks',
  formula: 'int(cf * (k * S / E))',
  source: 'databricks/megablocks megablocks/layers/moe.py expert_capacity',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) => Math.trunc(capacityFactor * ((topK * tokens) / experts)),
};
