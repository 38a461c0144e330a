import { memberGrid } from '../member-grid.ts';
import type { Collective } from '../plan.ts';
import { reduceScatterPhases } from '../sweeps.ts';

/** Every member starts with an array of `bytes` and ends with 1 / members of the sum of all arrays. */
export const reduceScatter: Collective = {
  plan: ({ topology, devices, bytes }) => ({ devices, phases: reduceScatterPhases(memberGrid(topology, devices), bytes) }),
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
};
