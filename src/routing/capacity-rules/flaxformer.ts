import { type CapacityRule, pythonRound } from '../capacity-rule.ts';

const MIN_EXPERT_CAPACITY = 4;

/** Rounds where Mesh-TensorFlow truncates; the number of choices does not enter. */
export const flaxformer: CapacityRule = {
  title: 'Flaxformer',
  formula: 'max(int(round(cf * S / E)), 4), halves to even',
  source: 'google/flaxformer@399ea3a flaxformer/architectures/moe/moe_layers.py',
  expertCapacity: ({ tokens, experts, capacityFactor }) => Math.max(pythonRound((capacityFactor * tokens) / experts), MIN_EXPERT_CAPACITY),
};
