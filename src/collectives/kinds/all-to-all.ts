import { allToAllSeconds } from '../closed-form.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';
import { routedBoundSeconds } from '../routing/bound/routed-bound.ts';
import { routedPlan } from '../routing/routed-plan.ts';
import { routedSchedule } from '../routing/routed-schedule.ts';
import type { Traffic } from '../routing/traffic.ts';

/**
 * Every member sends a block to every member: `bytes` / members each, or what `traffic` says. One phase; the busiest link sets its time.
 * Dispatch and combine of a Switch layer are this.
 */
export const allToAll: Collective = {
  plan: (request) => routedPlan(request, trafficOf(request)),
  schedule: (request) => routedSchedule(request, trafficOf(request)),
  lowerBoundSeconds: (request) => routedBoundSeconds(request, trafficOf(request)),
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: (members) => (members - 1) / members,
  closedForm: allToAllSeconds,
};

function trafficOf({ devices, bytes, traffic }: CollectiveRequest): Traffic {
  return traffic ? { kind: 'matrix', bytes: traffic } : { kind: 'uniform', bytesPerPair: bytes / devices.length };
}
