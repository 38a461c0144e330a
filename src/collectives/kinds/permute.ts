import { assert } from '../../base/index.ts';
import { permuteSeconds } from '../closed-form.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';
import { routedBoundSeconds } from '../routing/bound/routed-bound.ts';
import { routedPlan } from '../routing/routed-plan.ts';
import { routedSchedule } from '../routing/routed-schedule.ts';
import type { Traffic } from '../routing/traffic.ts';

/**
 * Every member sends all of its `bytes` to one other: to the next one round the group, or to `targets`. A member that is its own target keeps them.
 * Pipelines and rings of blocks (ring attention, collective products) are made of this; JAX calls it ppermute, XLA collective-permute.
 */
export const permute: Collective = {
  plan: (request) => routedPlan(request, trafficOf(request)),
  schedule: (request) => routedSchedule(request, trafficOf(request)),
  lowerBoundSeconds: (request) => routedBoundSeconds(request, trafficOf(request)),
  sentBytesPerDevice: (bytes, members) => (members > 1 ? bytes : 0),
  busFactor: () => 1,
  closedForm: permuteSeconds,
};

function trafficOf({ devices, bytes, targets }: CollectiveRequest): Traffic {
  const members = devices.length;
  const to = targets ?? Uint32Array.from({ length: members }, (_, member) => (member + 1) % members);
  assert(to.length === members && to.every((target) => target < members), 'a permutation names a member for each member');
  return {
    kind: 'pairs',
    from: Uint32Array.from({ length: members }, (_, member) => member),
    to,
    bytes: new Float64Array(members).fill(bytes),
  };
}
