import { allReduceSeconds } from '../closed-form.ts';
import { allGatherPhases, gatherGroup, reduceScatterPhases } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective } from '../plan.ts';

/**
 * Every member ends with the sum of all members' arrays: a reduce-scatter followed by an all-gather (Rabenseifner, ICCS 2004).
 * Copy this one to add a collective: say what members start and end with, give the phases, the messages and the bytes that one member sends.
 */
export const allReduce: Collective = {
  plan: (request) => {
    const group = gatherGroup(request);
    return { devices: request.devices, phases: [...reduceScatterPhases(group, request.bytes), ...allGatherPhases(group, request.bytes)] };
  },
  schedule: (request) => scheduleOf(request, 'both'),
  sentBytesPerDevice: (bytes, members) => (2 * bytes * (members - 1)) / members,
  busFactor: (members) => (2 * (members - 1)) / members,
  closedForm: allReduceSeconds,
};
