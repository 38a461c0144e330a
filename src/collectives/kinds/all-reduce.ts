import { memberGrid } from '../member-grid.ts';
import type { Collective } from '../plan.ts';
import { allGatherPhases, reduceScatterPhases } from '../sweeps.ts';

/**
 * Every member ends with the sum of all members' arrays: a reduce-scatter followed by an all-gather (Rabenseifner, ICCS 2004).
 * Copy this one to add a collective: say what members start and end with, give the phases and the bytes that one member sends.
 */
export const allReduce: Collective = {
  plan: ({ topology, devices, bytes }) => {
    const grid = memberGrid(topology, devices);
    return { devices, phases: [...reduceScatterPhases(grid, bytes), ...allGatherPhases(grid, bytes)] };
  },
  sentBytesPerDevice: (bytes, members) => (2 * bytes * (members - 1)) / members,
};
