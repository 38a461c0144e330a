import { broadcastSeconds } from '../closed-form.ts';
import { broadcastPhases, broadcastSchedule } from '../gathering/broadcast.ts';
import { fullestCutSeconds } from '../gathering/gather-bound.ts';
import type { Collective } from '../plan.ts';

/** One member, `root`, starts with an array of `bytes`, and every member ends with it. */
export const broadcast: Collective = {
  plan: (request) => ({ devices: request.devices, phases: broadcastPhases(request) }),
  schedule: broadcastSchedule,
  /** The whole array comes into every set of chips that does not hold the root. */
  lowerBoundSeconds: (request) =>
    fullestCutSeconds(
      request,
      (_inside, hasRoot) => (hasRoot ? 0 : request.bytes),
      (members) => request.bytes * (members - 1),
    ),
  /** On average: all but the root get the array once. */
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
  busFactor: () => 1,
  closedForm: broadcastSeconds,
};
