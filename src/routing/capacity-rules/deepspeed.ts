import type { CapacityRule } from '../capacity-rule.ts';

const MIN_CAPACITY = 4;

/** DeepSpeed: its top-1, top-2 and top-k gates pass cf, 2 * cf and k * cf. */
export const deepspeed: CapacityRule = {
  title: 'DeepSpeed',
  formula: 'max(ceil((S / E) * (cf * k)), 4)',
  source: 'deepspeedai/DeepSpeed@edaa722 deepspeed/moe/sharded_moe.py _capacity',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) =>
    Math.max(Math.ceil((tokens / experts) * (capacityFactor * topK)), MIN_CAPACITY),
};
