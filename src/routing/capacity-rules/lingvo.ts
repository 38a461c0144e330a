import { type CapacityRule, roundUpToMultiple } from '../capacity-rule.ts';

/** Slots come in this multiple, and no expert has none. */
const MULTIPLE = 4;

/** Lingvo, the framework of the GShard models; the number of choices does not enter. */
export const lingvo: CapacityRule = {
  title: 'Lingvo',
  formula: 'int(S * cf / E), 0 -> 4, up to a multiple of 4',
  source: 'tensorflow/lingvo lingvo/core/gshard_layers.py',
  expertCapacity: ({ tokens, experts, capacityFactor }) => {
    const slots = Math.trunc((tokens * capacityFactor) / experts);
    return slots === 0 ? MULTIPLE : roundUpToMultiple(slots, MULTIPLE);
  },
};
