import type { Bytes } from '../../base/index.ts';
import { hostLinks, hostOf, networkLinks } from '../../hardware/index.ts';
import { createLinkLoads } from '../link-loads.ts';
import type { Phase } from '../plan.ts';
import { chipOf, type MemberGroup } from './member-group.ts';

/**
 * Every chip sends the blocks of its members to its peers in the other slices, `bytes` of all blocks together; the same either way, so also for
 * partial sums that come back. No phase where there is one slice.
 */
export function exchangePhases(group: MemberGroup, bytes: Bytes): Phase[] {
  const { topology, grids, chips, membersPerChip, members } = group;
  if (grids.length === 1) return [];
  const loads = createLinkLoads(topology.links.count);
  const carried = ((bytes * membersPerChip) / members.length) * (grids.length - 1);
  for (let slice = 0; slice < grids.length; slice++) {
    for (let i = 0; i < chips; i++) {
      const chip = chipOf(group, slice, i);
      const host = networkLinks(topology, hostOf(topology, chip));
      const own = hostLinks(topology, chip);
      for (const link of [own.up, own.down, host.up, host.down]) loads.add(link, carried);
    }
  }
  return [loads.phase(topology.hosts?.latencySeconds ?? 0)];
}
