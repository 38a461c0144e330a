import type { Seconds } from '../../base/index.ts';
import { allReduceSeconds } from '../closed-form.ts';
import { fullestCutSeconds, outgoingBytesPerSecond } from '../gathering/gather-bound.ts';
import { allGatherPhases, gatherGroup, reduceScatterPhases } from '../gathering/gather-phases.ts';
import { scheduleOf } from '../gathering/gather-schedule.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';

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
  lowerBoundSeconds,
  sentBytesPerDevice: (bytes, members) => (2 * bytes * (members - 1)) / members,
  busFactor: (members) => (2 * (members - 1)) / members,
  closedForm: allReduceSeconds,
};

/**
 * Every set of chips ends with terms of all others: the whole array comes in. And before one of n chips has the sum of an element, n - 1 have sent
 * something of it; after that, n - 1 must still be told: 2 (n - 1) arrays leave the chips (Patarasuk and Yuan, JPDC 2009, theorem 1).
 */
function lowerBoundSeconds(request: CollectiveRequest): Seconds {
  const { bytes, devices, topology } = request;
  const cut = fullestCutSeconds(
    request,
    () => bytes,
    (members) => 2 * bytes * (members - 1),
  );
  const chips = new Set(devices.map((device) => Math.floor(device / topology.devicesPerChip))).size;
  return chips === 1 ? cut : Math.max(cut, (2 * bytes * (chips - 1)) / outgoingBytesPerSecond(request));
}
