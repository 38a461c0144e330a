import { memberGrid } from '../member-grid.ts';
import type { Collective } from '../plan.ts';
import { allGatherPhases } from '../sweeps.ts';

/** Every member starts with a shard and ends with all shards, `bytes` together. */
export const allGather: Collective = {
  plan: ({ topology, devices, bytes }) => ({ devices, phases: allGatherPhases(memberGrid(topology, devices), bytes) }),
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
};
