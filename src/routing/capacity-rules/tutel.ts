import type { CapacityRule } from '../capacity-rule.ts';

/** Tutel: whole tokens per expert first, then the factor, then the choices. */
export const tutel: CapacityRule = {
  title: 'Tutel',
  formula: 'k * int(cf * ceil(S / E))',
  source: 'microsoft/Tutel tutel/impls/fast_dispatch.py extract_critical',
  expertCapacity: ({ tokens, experts, capacityFactor, topK }) => topK * Math.trunc(capacityFactor * Math.ceil(tokens / experts)),
};
