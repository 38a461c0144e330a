import { hostLinks, hostOf, networkLinks } from '../../hardware/index.ts';
import { createLinkLoads, localPhases } from '../link-loads.ts';
import type { CollectiveRequest, Phase } from '../plan.ts';
import type { Schedule } from '../schedule.ts';
import { checkScheduleSize } from '../schedule-size.ts';
import { chipOf } from './between-slices.ts';
import { addTreeLoads, broadcastTreeCount, broadcastTrees, deepestTree, forEachTreeHop } from './broadcast-trees.ts';
import { messageTable } from './gather-schedule.ts';
import { type HopTable, hopTable } from './hop-table.ts';
import { type MemberGroup, memberGroup } from './member-group.ts';
import { createMessageLog } from './message-log.ts';
import { routeTable } from './route-table.ts';

/** Where the data is, in the counting of `MemberGroup`. */
interface Root {
  readonly member: number;
  readonly slice: number;
  readonly chip: number;
  readonly device: number;
}

interface BroadcastGroup {
  readonly group: MemberGroup;
  readonly tables: readonly HopTable[];
  readonly root: Root;
}

function broadcastGroup({ topology, devices, root: member = 0 }: CollectiveRequest): BroadcastGroup {
  const group = memberGroup(topology, devices);
  const { chips, membersPerChip, members } = group;
  const perSlice = chips * membersPerChip;
  const tables = group.grids.map((grid, slice) => hopTable(grid, members.subarray(slice * perSlice, (slice + 1) * perSlice), true));
  const rank = members.indexOf(devices[member]);
  const root = {
    member: rank,
    slice: Math.floor(rank / perSlice),
    chip: Math.floor(rank / membersPerChip) % chips,
    device: rank % membersPerChip,
  };
  return { group, tables, root };
}

/** From the root to its peers in other slices, then in each slice down the trees, last between the devices of a chip. */
export function broadcastPhases(request: CollectiveRequest): Phase[] {
  const { group, tables, root } = broadcastGroup(request);
  const { topology, chips, membersPerChip } = group;
  const phases = exchangePhases(group, root, request.bytes);
  if (chips > 1) {
    const loads = createLinkLoads(topology.links.count);
    for (const table of tables) {
      const carried = new Float64Array(table.count);
      addTreeLoads(carried, table, root.chip, request.bytes);
      for (let hop = 0; hop < table.count; hop++) {
        if (carried[hop] > 0) for (let i = table.offsets[hop]; i < table.offsets[hop + 1]; i++) loads.add(table.links[i], carried[hop]);
      }
    }
    const deepest = tables.reduce((most, table) => Math.max(most, deepestTree(table)), 0);
    phases.push(loads.phase(deepest * topology.hopLatencySeconds));
  }
  return [...phases, ...localPhases((membersPerChip - 1) * request.bytes)];
}

function exchangePhases(group: MemberGroup, root: Root, bytes: number): Phase[] {
  const { topology, grids } = group;
  if (grids.length === 1) return [];
  const loads = createLinkLoads(topology.links.count);
  for (let slice = 0; slice < grids.length; slice++) {
    const chip = chipOf(group, slice, root.chip);
    const [own, host] = [hostLinks(topology, chip), networkLinks(topology, hostOf(topology, chip))];
    const sends = slice === root.slice;
    for (const link of sends ? [own.up, host.up] : [host.down, own.down]) loads.add(link, sends ? bytes * (grids.length - 1) : bytes);
  }
  return [loads.phase(topology.hosts?.latencySeconds ?? 0)];
}

/** One piece per tree. */
export function broadcastSchedule(request: CollectiveRequest): Schedule {
  const { group, tables, root } = broadcastGroup(request);
  const { members, membersPerChip, chips, grids } = group;
  const parts = broadcastTreeCount(tables[0]);
  checkScheduleSize(group.topology, parts * (members.length - 1));
  const trees = broadcastTrees(tables[0], root.chip);
  const routes = routeTable(group, tables);
  const log = createMessageLog(parts * (members.length - 1), 1, members.length, parts);
  const at = (slice: number, chip: number) => (slice * chips + chip) * membersPerChip + root.device;
  for (const [part, { choices }] of trees.entries()) {
    log.startPart(part);
    for (let slice = 0; slice < grids.length; slice++) {
      if (slice !== root.slice) log.tell(0, root.member, at(slice, root.chip), routes.exchange(root.slice, slice, root.chip), 1);
    }
    for (const [slice, table] of tables.entries()) {
      forEachTreeHop(table, root.chip, choices, (hop) => {
        log.tell(0, at(slice, (hop >> 1) % chips), at(slice, table.ends[hop]), routes.hop(slice, hop), 1);
      });
    }
    for (let first = 0; first < members.length; first += membersPerChip) {
      for (let device = 0; device < membersPerChip; device++) {
        if (device !== root.device) log.tell(0, first + root.device, first + device, 0, 1);
      }
    }
  }
  const pieces = {
    count: parts,
    bytes: Float64Array.from(trees, ({ share }) => share * request.bytes),
    source: new Int32Array(parts).fill(members[root.member]),
    target: new Int32Array(parts).fill(-1),
  };
  const gathered = { log, routes, shares: trees.map(({ share }) => share), halves: 1 as const };
  return { pieces, messages: messageTable(group, gathered, pieces.bytes, 'out'), routes: routes.routes };
}
