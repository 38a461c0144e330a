import { checkScheduleSize } from '../schedule-size.ts';
import type { GatherGroup } from './gather-phases.ts';
import type { HopTable } from './hop-table.ts';
import { createMessageLog, type MessageLog } from './message-log.ts';
import { type RouteTable, routeTable } from './route-table.ts';
import { copiesBefore } from './spread.ts';
import { balancedTrees, endOf } from './translated-trees.ts';

/** All messages of an all-gather, between members as `MemberGroup` counts them. */
export interface GatherMessages {
  readonly log: MessageLog;
  readonly routes: RouteTable;
  /** Shares of the parts; none is 0. */
  readonly shares: readonly number[];
  /** 2 where the chip opposite on an even ring gets one half from each side. */
  readonly halves: 1 | 2;
}

/** `times`: 2 where every message will also go back. */
export function gatherMessages(gather: GatherGroup, times: number): GatherMessages {
  const { group, spreads } = gather;
  const members = group.members.length;
  const tables = spreads.map(({ hops }) => hops);
  const parts = spreads[0].shares.flatMap((share, part) => (share > 0 ? [part] : []));
  const halves = tables[0].twisted || !group.grids[0].axes.some(({ ring, positions }) => ring && positions.length % 2 === 0) ? 1 : 2;
  const most = messageCount(gather, parts);
  checkScheduleSize(group.topology, most * times);
  const log = createMessageLog(most, members, members, parts.length);
  const told = { ...gather, log, routes: routeTable(group, tables), tables, whole: halves === 2 ? 3 : 1 };
  for (const [i, part] of parts.entries()) {
    log.startPart(i);
    tellExchange(told);
    if (tables[0].twisted) tellTree(told, part);
    else for (let p = 0; p < tables[0].sides.length; p++) tellLines(told, part, (part + p) % tables[0].sides.length);
    tellWithinChips(told);
  }
  return { log, routes: told.routes, shares: parts.map((part) => spreads[0].shares[part]), halves };
}

interface Telling extends GatherGroup {
  readonly log: MessageLog;
  readonly routes: RouteTable;
  readonly tables: readonly HopTable[];
  /** All halves of a piece. */
  readonly whole: number;
}

/** At most: an opened ring needs one message fewer than a closed one. */
function messageCount({ group, spreads }: GatherGroup, parts: readonly number[]): number {
  const slices = group.grids.length;
  const [{ hops }] = spreads;
  const perBlock = parts.map((part) => {
    const lines = hops.sides.map((side, k) => {
      const both = group.grids[0].axes[k].ring && side % 2 === 0 ? 1 : 0;
      return copiesBefore(hops.sides, part, k) * (side - 1 + both);
    });
    const spread = hops.twisted ? group.chips - 1 : lines.reduce((sum, one) => sum + one, 0);
    return slices - 1 + slices * (spread + group.chips * (group.membersPerChip - 1));
  });
  return perBlock.reduce((sum, one) => sum + one, 0) * group.members.length;
}

/** Every block to the owner's peers in the other slices. */
function tellExchange({ group, log, routes, whole }: Telling): void {
  const slices = group.grids.length;
  const { chips, membersPerChip } = group;
  for (let from = 0; from < slices; from++) {
    for (let to = 0; to < slices; to++) {
      if (from === to) continue;
      for (let place = 0; place < chips * membersPerChip; place++) {
        const owner = from * chips * membersPerChip + place;
        const peer = to * chips * membersPerChip + place;
        log.tell(owner, owner, peer, routes.exchange(from, to, Math.floor(place / membersPerChip)), whole);
      }
    }
  }
}

/** From each chip that a part has reached along its line of dimension k, both ways, one hop per step. */
function tellLines(telling: Telling, part: number, k: number): void {
  const { sides, strides } = telling.tables[0];
  const { group } = telling;
  const side = sides[k];
  const stride = strides[k];
  const { offsets, bases } = ownersOf(telling.tables[0], part, k);
  for (let step = 1; step < side; step++) {
    for (const [slice, { lineStarts }] of telling.tables.entries()) {
      for (let entry = 0; entry < group.chips; entry++) {
        const at = Math.floor(entry / stride) % side;
        const start = lineStarts[k][entry];
        const order = (at - start + side) % side;
        for (let d = 0; d < 2; d++) {
          const reach = start < 0 ? Math.floor(side / 2) : d === 0 ? side - 1 - order : order;
          if (step > reach) continue;
          const meets = start < 0 && 2 * step === side;
          const direction = d === 0 ? 1 : -1;
          const from = entry + (((at + direction * (step - 1) + side) % side) - at) * stride;
          const to = entry + (((at + direction * step + side) % side) - at) * stride;
          const route = telling.routes.hop(slice, (k * group.chips + from) * 2 + d);
          const halves = meets ? d + 1 : telling.whole;
          for (let i = 0; i < offsets.length; i++) tellHop(telling, slice, bases[entry] + offsets[i], from, to, route, halves);
        }
      }
    }
  }
}

/** Chips whose blocks a part has brought to a chip when it comes to dimension k: base of the chip + each offset. */
function ownersOf({ sides, strides, grid }: HopTable, part: number, k: number): { readonly offsets: number[]; readonly bases: Int32Array } {
  let offsets = [0];
  const bases = Int32Array.from({ length: grid.chips }, (_, chip) => chip);
  for (let done = part; done !== k; done = (done + 1) % sides.length) {
    offsets = Array.from({ length: sides[done] }, (_, at) => offsets.map((offset) => offset + at * strides[done])).flat();
    for (let chip = 0; chip < grid.chips; chip++) bases[chip] -= (Math.floor(chip / strides[done]) % sides[done]) * strides[done];
  }
  return { offsets, bases };
}

/** Blocks of one owner chip, from all slices and of all its members, each by the member that stands where the owner stands on its chip. */
function tellHop({ group, log }: Telling, slice: number, ownerChip: number, from: number, to: number, route: number, halves: number): void {
  const { chips, membersPerChip, grids } = group;
  const first = slice * chips;
  for (let owners = 0; owners < grids.length; owners++) {
    for (let device = 0; device < membersPerChip; device++) {
      const owner = (owners * chips + ownerChip) * membersPerChip + device;
      log.tell(owner, (first + from) * membersPerChip + device, (first + to) * membersPerChip + device, route, halves);
    }
  }
}

/** Down one tree, the same from every owner. */
function tellTree(telling: Telling, part: number): void {
  const [table] = telling.tables;
  const { chips } = telling.group;
  const { places, parents, ports } = balancedTrees(table).trees[part];
  // [places, chips]: where the i-th place of the tree lies for each owner.
  const lies = new Uint32Array(chips * chips);
  for (let owner = 0; owner < chips; owner++) lies[owner] = owner;
  for (let i = 1; i < places.length; i++) {
    for (let owner = 0; owner < chips; owner++) {
      const from = lies[parents[i] * chips + owner];
      const to = endOf(table, from, ports[i]);
      lies[i * chips + owner] = to;
      for (let slice = 0; slice < telling.tables.length; slice++) {
        const route = telling.routes.hop(slice, ((ports[i] >> 1) * chips + from) * 2 + (ports[i] & 1));
        tellHop(telling, slice, owner, from, to, route, telling.whole);
      }
    }
  }
}

/** On every chip the member that has a block hands it to the others, through HBM. */
function tellWithinChips({ group, log, whole }: Telling): void {
  const { membersPerChip, members } = group;
  if (membersPerChip === 1) return;
  for (let owner = 0; owner < members.length; owner++) {
    const device = owner % membersPerChip;
    for (let first = 0; first < members.length; first += membersPerChip) {
      for (let other = 0; other < membersPerChip; other++) {
        if (other !== device) log.tell(owner, first + device, first + other, 0, whole);
      }
    }
  }
}
