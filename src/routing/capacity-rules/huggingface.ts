import type { CapacityRule } from '../capacity-rule.ts';

/** `expert_capacity` of SwitchTransformersConfig and of the released checkpoints. */
const EXPERT_CAPACITY = 64;

/** Hugging Face: a constant of the configuration; each sequence is a group (`groupRule: sequence`). Nothing else enters. */
export const huggingface: CapacityRule = {
  title: 'Hugging Face Switch Transformers',
  formula: '64',
  source: 'huggingface/transformers models/switch_transformers/configuration_switch_transformers.py (expert_capacity), read 2026-11',
  expertCapacity: () => EXPERT_CAPACITY,
};
