import { type CapacityRule, roundUpToMultiple } from '../capacity-rule.ts';

/** Slots come in this multiple, to avoid padding. */
const MULTIPLE = 4;

/** V-MoE: every choice of a token counts. */
export const vMoe: CapacityRule = {
  title: 'V-MoE',
  formula: 'ceil(S * k * cf / E), up to a multiple of 4',
  source: 'google-research/vmoe@1030c71 vmoe/moe.py compute_capacity',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) =>
    roundUpToMultiple(Math.ceil((tokens * topK * capacityFactor) / experts), MULTIPLE),
};
