import type { CapacityRule } from '../capacity-rule.ts';

/** GShard's paper gives top-2 experts 2 S / E slots, capacity factor 1: every choice has a place when all experts are equally wanted. */
export const gshard: CapacityRule = {
  title: 'GShard (paper)',
  formula: 'ceil(k * S * cf / E)',
  source: 'Lepikhin et al. 2020, arXiv 2006.16668, section 2.2 and Algorithm 1 (C = 2 N / (G E) for k = 2)',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) => Math.ceil((topK * tokens * capacityFactor) / experts),
};
