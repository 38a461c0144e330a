import type { Seconds } from '../../base/index.ts';
import { reduceScatterSeconds } from '../closed-form.ts';
import { fullestCutSeconds } from '../gathering/gather-bound.ts';
import { gatherGroup, reduceScatterPhases } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';

/** Every member starts with an array of `bytes` and ends with 1 / members of the sum of all arrays. */
export const reduceScatter: Collective = {
  plan: (request) => ({ devices: request.devices, phases: reduceScatterPhases(gatherGroup(request), request.bytes) }),
  schedule: (request) => scheduleOf(request, 'back'),
  lowerBoundSeconds,
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: (members) => (members - 1) / members,
  closedForm: reduceScatterSeconds,
};

/** What a set of chips ends with holds terms of all others: as many bytes as it keeps must come in, and as many as the others keep go out. */
function lowerBoundSeconds(request: CollectiveRequest): Seconds {
  const { bytes, devices } = request;
  const need = (inside: number) => (bytes * inside) / devices.length;
  return fullestCutSeconds(request, need, (members) => bytes * (members - 1));
}
