import type { Seconds } from '../../base/index.ts';
import { allGatherSeconds } from '../closed-form.ts';
import { fullestCutSeconds } from '../gathering/gather-bound.ts';
import { allGatherPhases, gatherGroup } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';

/** Every member starts with a shard and ends with all shards, `bytes` together. */
export const allGather: Collective = {
  plan: (request) => ({ devices: request.devices, phases: allGatherPhases(gatherGroup(request), request.bytes) }),
  schedule: (request) => scheduleOf(request, 'out'),
  lowerBoundSeconds,
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: (members) => (members - 1) / members,
  closedForm: allGatherSeconds,
};

/** Every set of chips must take in all other shards. */
function lowerBoundSeconds(request: CollectiveRequest): Seconds {
  const { bytes, devices } = request;
  const need = (inside: number) => (bytes * (devices.length - inside)) / devices.length;
  return fullestCutSeconds(request, need, (members) => bytes * (members - 1));
}
