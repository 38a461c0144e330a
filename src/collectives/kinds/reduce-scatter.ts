import { reduceScatterSeconds } from '../closed-form.ts';
import { gatherGroup, reduceScatterPhases } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective } from '../plan.ts';

/** Every member starts with an array of `bytes` and ends with 1 / members of the sum of all arrays. */
export const reduceScatter: Collective = {
  plan: (request) => ({ devices: request.devices, phases: reduceScatterPhases(gatherGroup(request), request.bytes) }),
  schedule: (request) => scheduleOf(request, 'back'),
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: (members) => (members - 1) / members,
  closedForm: reduceScatterSeconds,
};
