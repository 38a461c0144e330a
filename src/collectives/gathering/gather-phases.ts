import type { Bytes } from '../../base/index.ts';
import { createLinkLoads, localPhases } from '../link-loads.ts';
import type { CollectiveRequest, Phase } from '../plan.ts';
import { hopTable } from './hop-table.ts';
import { type MemberGroup, memberGroup } from './member-group.ts';
import { exchangePhases } from './slice-exchange.ts';
import { addSpreadLoads, ringPasses, type Spread, spreadOf } from './spread.ts';

/** A group and how blocks reach all chips of each of its slices. */
export interface GatherGroup {
  readonly group: MemberGroup;
  readonly spreads: readonly Spread[];
}

export function gatherGroup({ topology, devices }: Pick<CollectiveRequest, 'topology' | 'devices'>): GatherGroup {
  const group = memberGroup(topology, devices);
  const perSlice = group.chips * group.membersPerChip;
  const spreads = group.grids.map((grid, slice) =>
    spreadOf(hopTable(grid, group.members.subarray(slice * perSlice, (slice + 1) * perSlice))),
  );
  return { group, spreads };
}

/**
 * Every block to every member, `bytes` of all blocks together: first to the peers in the other slices, over hosts and the data-centre network; then
 * over the wires within each slice, all dimensions at once. A block goes on to the other devices of a chip as soon as one of them has it.
 */
export function allGatherPhases({ group, spreads }: GatherGroup, bytes: Bytes): Phase[] {
  return [...exchangePhases(group, bytes), ...spreadPhases(group, spreads, bytes, false)];
}

/** The all-gather run backwards: partial sums travel towards the owners of the blocks, and are added on the way. */
export function reduceScatterPhases({ group, spreads }: GatherGroup, bytes: Bytes): Phase[] {
  return [...spreadPhases(group, spreads, bytes, true), ...exchangePhases(group, bytes)];
}

function spreadPhases(group: MemberGroup, spreads: readonly Spread[], bytes: Bytes, back: boolean): Phase[] {
  const { topology, chips } = group;
  const localBytes = bytesWithinChip(group, bytes);
  if (chips === 1) return localPhases(localBytes);
  const blockBytes = bytes / chips;
  const loads = createLinkLoads(topology.links.count);
  for (const spread of spreads) addSpreadLoads(loads, spread, blockBytes, back);
  const longest = spreads.reduce((most, spread) => Math.max(most, spread.longest), 0);
  const passes = spreads.flatMap((spread) => ringPasses(spread, blockBytes));
  const phase = { ...loads.phase(longest * topology.hopLatencySeconds), localBytes };
  return [passes.length === 0 ? phase : { ...phase, passes }];
}

/** Each of the c members on a chip hands (c - 1) / c of the array to the others. */
function bytesWithinChip({ membersPerChip }: MemberGroup, bytes: Bytes): Bytes {
  return (membersPerChip - 1) * bytes;
}
