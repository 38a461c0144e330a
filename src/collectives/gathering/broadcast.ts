import { hostLinks, hostOf, networkLinks } from '../../hardware/index.ts';
import { createLinkLoads, localPhases } from '../link-loads.ts';
import type { CollectiveRequest, Phase } from '../plan.ts';
import { transferSeconds } from '../plan-seconds.ts';
import type { Schedule } from '../schedule.ts';
import { checkScheduleSize } from '../schedule-size.ts';
import { type BroadcastTrees, broadcastTrees } from './broadcast-trees.ts';
import { messageTable } from './gather-schedule.ts';
import { type HopTable, hopTable } from './hop-table.ts';
import { chipOf, type MemberGroup, memberGroup } from './member-group.ts';
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
  /** Of each slice. */
  readonly tables: readonly HopTable[];
  readonly spreads: readonly BroadcastTrees[];
  readonly root: Root;
}

function broadcastGroup({ topology, devices, bytes, root: member = 0 }: CollectiveRequest): BroadcastGroup {
  const group = memberGroup(topology, devices);
  const { chips, membersPerChip, members } = group;
  const perSlice = chips * membersPerChip;
  const tables = group.grids.map((grid, slice) => hopTable(grid, members.subarray(slice * perSlice, (slice + 1) * perSlice)));
  const rank = members.indexOf(devices[member]);
  const root = {
    member: rank,
    slice: Math.floor(rank / perSlice),
    chip: Math.floor(rank / membersPerChip) % chips,
    device: rank % membersPerChip,
  };
  return { group, tables, spreads: quickestTrees(group, tables, root.chip, bytes), root };
}

/**
 * Many trees move the most at once, and few are shallower: as many as take the least time for these bytes. Counts are passed over where not even their bytes over the
 * quickest link, and the latency of shortest ways, would be quicker than what was found.
 */
function quickestTrees(group: MemberGroup, tables: readonly HopTable[], root: number, bytes: number): readonly BroadcastTrees[] {
  const { topology } = group;
  const { bytesPerSecond } = topology.links;
  const secondsOf = (spreads: readonly BroadcastTrees[]) =>
    treePhases(group, tables, spreads, bytes).reduce((sum, phase) => sum + transferSeconds(phase, topology) + phase.latencySeconds, 0);
  const longestOf = (spreads: readonly BroadcastTrees[]) => spreads.reduce((most, { longest }) => Math.max(most, longest), 0);
  let best = broadcastTrees(tables, root);
  const most = best[0].trees.length;
  if (most < 2) return best;
  let seconds = secondsOf(best);
  const shortest = broadcastTrees(tables, root, 1);
  const latencySeconds = longestOf(shortest) * topology.hopLatencySeconds;
  const quickest = bytesPerSecond.reduce((greatest, speed) => Math.max(greatest, speed), 0);
  for (let count = most - 1; count > 0 && bytes / (count * quickest) + latencySeconds < seconds; count--) {
    const fewer = count === 1 ? shortest : broadcastTrees(tables, root, count);
    const secondsOfFewer = secondsOf(fewer);
    if (secondsOfFewer >= seconds) continue;
    best = fewer;
    seconds = secondsOfFewer;
  }
  return best;
}

/** From the root to its peers in other slices, then in each slice down the trees, and from a device of each chip to the others as it comes in. */
export function broadcastPhases(request: CollectiveRequest): Phase[] {
  const broadcast = broadcastGroup(request);
  return [...exchangePhases(broadcast, request.bytes), ...treePhases(broadcast.group, broadcast.tables, broadcast.spreads, request.bytes)];
}

function exchangePhases({ group, root }: BroadcastGroup, bytes: number): Phase[] {
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

function treePhases(group: MemberGroup, tables: readonly HopTable[], spreads: readonly BroadcastTrees[], bytes: number): Phase[] {
  const localBytes = (group.membersPerChip - 1) * bytes;
  if (group.chips === 1) return localPhases(localBytes);
  const loads = createLinkLoads(group.topology.links.count);
  for (const [slice, { trees }] of spreads.entries()) {
    const { offsets, links } = tables[slice];
    for (const hops of trees) {
      for (const hop of hops) for (let i = offsets[hop]; i < offsets[hop + 1]; i++) loads.add(links[i], bytes / trees.length);
    }
  }
  const longest = spreads.reduce((most, spread) => Math.max(most, spread.longest), 0);
  return [{ ...loads.phase(longest * group.topology.hopLatencySeconds), localBytes }];
}

/** The part of every tree is cut into equal pieces, which follow one another down the tree. */
export function broadcastSchedule(request: CollectiveRequest): Schedule {
  const broadcast = broadcastGroup(request);
  const { group, tables, spreads, root } = broadcast;
  const { members, membersPerChip, chips, grids } = group;
  const trees = Math.max(1, spreads[0].trees.length);
  const perPiece = members.length - 1;
  checkScheduleSize(group.topology, trees * perPiece);
  const parts = trees * piecesPerTree(broadcast, request.bytes, Math.floor(MOST_MESSAGES / (trees * perPiece)));
  const routes = routeTable(group, tables);
  const log = createMessageLog(parts * perPiece, 1, members.length, parts);
  const at = (slice: number, chip: number) => (slice * chips + chip) * membersPerChip + root.device;
  for (let part = 0; part < parts; part++) {
    log.startPart(part);
    for (let slice = 0; slice < grids.length; slice++) {
      if (slice !== root.slice) log.tell(0, root.member, at(slice, root.chip), routes.exchange(root.slice, slice, root.chip), 1);
    }
    for (const [slice, { ends }] of tables.entries()) {
      for (const hop of chips > 1 ? spreads[slice].trees[part % trees] : []) {
        log.tell(0, at(slice, (hop >> 1) % chips), at(slice, ends[hop]), routes.hop(slice, hop), 1);
      }
    }
    for (let first = 0; first < members.length; first += membersPerChip) {
      for (let device = 0; device < membersPerChip; device++) {
        if (device !== root.device) log.tell(0, first + root.device, first + device, 0, 1);
      }
    }
  }
  const pieces = {
    count: parts,
    bytes: new Float64Array(parts).fill(request.bytes / parts),
    source: new Int32Array(parts).fill(members[root.member]),
    target: new Int32Array(parts).fill(-1),
  };
  const gathered = { log, routes, shares: Array.from(pieces.bytes, () => 1 / parts), halves: 1 as const };
  return { pieces, messages: messageTable(group, gathered, pieces.bytes, 'out'), routes: routes.routes };
}

/** More than these are not worth the memory: pieces of a large slice stay larger. */
const MOST_MESSAGES = 8_000_000;
/** A chip passes a piece on when all of it is there; that may add so much to the time of the plan. */
const WAITING_SHARE = 0.04;

/** A chip that is d hops away has its last piece d - 1 pieces later than it could, if bytes were passed on as they come. */
function piecesPerTree(broadcast: BroadcastGroup, bytes: number, most: number): number {
  const { group, tables, spreads } = broadcast;
  const [phase] = treePhases(group, tables, spreads, bytes);
  if (phase === undefined) return 1;
  const deepest = spreads.reduce((depth, spread) => Math.max(depth, spread.deepest), 0);
  const seconds = transferSeconds(phase, group.topology);
  const enough = Math.ceil(((deepest - 1) * seconds) / (WAITING_SHARE * (seconds + phase.latencySeconds)));
  return Math.max(1, Math.min(enough, most));
}
