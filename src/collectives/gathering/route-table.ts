import { linksOverHosts } from '../../hardware/index.ts';
import type { Schedule } from '../schedule.ts';
import { type HopTable, reverseHop } from './hop-table.ts';
import { chipOf, type MemberGroup } from './member-group.ts';

/** Routes of a group: route 0 stays within a chip; then the hops of each slice; then the ways between peers of two slices. */
export interface RouteTable {
  readonly routes: Schedule['routes'];
  /** [routes]: the same way back. */
  readonly back: Uint32Array;
  hop(slice: number, hop: number): number;
  exchange(from: number, to: number, chip: number): number;
}

export function routeTable(group: MemberGroup, tables: readonly HopTable[]): RouteTable {
  const slices = group.grids.length;
  const perSlice = tables[0].count;
  const firstExchange = 1 + slices * perSlice;
  const count = firstExchange + (slices > 1 ? slices * slices * group.chips : 0);
  const offsets = new Uint32Array(count + 1);
  const back = new Uint32Array(count);
  const links: number[] = [];
  const hop = (slice: number, one: number) => 1 + slice * perSlice + one;
  const exchange = (from: number, to: number, chip: number) => firstExchange + (from * slices + to) * group.chips + chip;
  for (const [slice, table] of tables.entries()) {
    for (let one = 0; one < table.count; one++) {
      for (let i = table.offsets[one]; i < table.offsets[one + 1]; i++) links.push(table.links[i]);
      if (table.ends[one] >= 0) back[hop(slice, one)] = hop(slice, reverseHop(table, one));
      offsets[hop(slice, one) + 1] = links.length;
    }
  }
  for (let from = 0; from < slices && slices > 1; from++) {
    for (let to = 0; to < slices; to++) {
      for (let chip = 0; chip < group.chips; chip++) {
        const route = exchange(from, to, chip);
        if (from !== to) links.push(...linksOverHosts(group.topology, chipOf(group, from, chip), chipOf(group, to, chip)));
        back[route] = exchange(to, from, chip);
        offsets[route + 1] = links.length;
      }
    }
  }
  return { routes: { count, offsets, links: new Uint32Array(links) }, back, hop, exchange };
}
