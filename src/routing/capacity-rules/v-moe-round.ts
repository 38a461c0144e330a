import { type CapacityRule, pythonRound, roundUpToMultiple } from '../capacity-rule.ts';

const MULTIPLE = 4;

/** V-MoE with ceil_or_round = round: as `v-moe`, but to the nearest whole number, halves to even. */
export const vMoeRound: CapacityRule = {
  title: 'V-MoE (round)',
  formula: 'round(S * k * cf / E), up to a multiple of 4',
  source: 'google-research/vmoe@1030c71 vmoe/moe.py compute_capacity (ceil_or_round)',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) =>
    roundUpToMultiple(pythonRound((tokens * topK * capacityFactor) / experts), MULTIPLE),
};
