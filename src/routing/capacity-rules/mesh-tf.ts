import type { CapacityRule } from '../capacity-rule.ts';

/** Slots that an expert has at least, however small the group. */
const MIN_EXPERT_CAPACITY = 4;

/** Mesh-TensorFlow, which trained the published Switch models (copy this one). The number of choices does not enter. */
export const meshTf: CapacityRule = {
  title: 'Mesh-TensorFlow',
  formula: 'max(min(S, int(S * cf / E)), 4)',
  source: 'tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _switch_gating',
  expertCapacity: ({ tokens, experts, capacityFactor }) =>
    Math.max(Math.min(tokens, Math.trunc((tokens * capacityFactor) / experts)), MIN_EXPERT_CAPACITY),
};
