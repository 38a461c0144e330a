import type { Bytes } from '../../base/index.ts';
import { hostLinks, hostOf, networkLinks } from '../../hardware/index.ts';
import type { LinkLoads } from '../link-loads.ts';
import type { MemberGroup } from './member-group.ts';

/** Chip i of the grid in a slice, as a chip of the topology. */
export function chipOf({ members, topology, chips, membersPerChip }: MemberGroup, slice: number, chip: number): number {
  return Math.floor(members[(slice * chips + chip) * membersPerChip] / topology.devicesPerChip);
}

/** From a chip over its host and the data-centre network to a chip of another slice. */
export function wayBetweenSlices(group: MemberGroup, from: number, to: number): number[] {
  const { topology } = group;
  const [sender, receiver] = [hostOf(topology, from), hostOf(topology, to)];
  return [
    hostLinks(topology, from).up,
    networkLinks(topology, sender).up,
    networkLinks(topology, receiver).down,
    hostLinks(topology, to).down,
  ];
}

/** Every chip sends `bytes` to its peer in each other slice; the same either way, so also for partial sums that come back. */
export function addExchangeLoads(loads: LinkLoads, group: MemberGroup, bytes: Bytes): void {
  const { topology, grids, chips } = group;
  const carried = bytes * (grids.length - 1);
  for (let slice = 0; slice < grids.length; slice++) {
    for (let i = 0; i < chips; i++) {
      const chip = chipOf(group, slice, i);
      const host = networkLinks(topology, hostOf(topology, chip));
      const own = hostLinks(topology, chip);
      for (const link of [own.up, own.down, host.up, host.down]) loads.add(link, carried);
    }
  }
}
