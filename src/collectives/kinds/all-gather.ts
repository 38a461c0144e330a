import { allGatherSeconds } from '../closed-form.ts';
import { allGatherPhases, gatherGroup } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective } from '../plan.ts';

/** Every member starts with a shard and ends with all shards, `bytes` together. */
export const allGather: Collective = {
  plan: (request) => ({ devices: request.devices, phases: allGatherPhases(gatherGroup(request), request.bytes) }),
  schedule: (request) => scheduleOf(request, 'out'),
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: (members) => (members - 1) / members,
  closedForm: allGatherSeconds,
};
