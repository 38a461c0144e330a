import { linksOverHosts } from '../../hardware/index.ts';
import type { CollectiveRequest } from '../plan.ts';
import type { Schedule } from '../schedule.ts';
import { checkScheduleSize } from '../schedule-size.ts';
import { balancedRoutes } from './balanced/routes.ts';
import { type FindRoutes, routingOf } from './choose-routing.ts';
import { growingFloat64, growingUint32 } from './growing-array.ts';
import { cellsOfDevices, gridCells } from './ordered/cells.ts';
import { orderedRoutes } from './ordered/routes.ts';
import { membersBySlice } from './slice-members.ts';
import { forEachPair, forEachPairInTurn, type Traffic } from './traffic.ts';

/**
 * One message for every way of every pair, with the share of the bytes that takes it; none waits for another. Members post in turn: first to the next
 * member, then to the one after it, so that nobody is everybody's first. What stays on a chip has a route without links.
 */
export function routedSchedule(request: CollectiveRequest, traffic: Traffic): Schedule {
  const { topology, devices } = request;
  const findRoutes = routeFinder(request);
  const routes = { offsets: growingUint32(), links: growingUint32() };
  const messages = { from: growingUint32(), to: growingUint32(), route: growingUint32(), bytes: growingFloat64() };
  routes.offsets.push(0);
  const routesOfChips = new Map<number, readonly (readonly [route: number, share: number])[]>();
  checkScheduleSize(topology, pairsOf(traffic, devices.length));
  forEachPairInTurn(traffic, devices.length, (from, to, bytes) => {
    const [source, target] = [devices[from], devices[to]];
    const key = Math.floor(source / topology.devicesPerChip) * topology.chips + Math.floor(target / topology.devicesPerChip);
    let found = routesOfChips.get(key);
    if (!found) {
      const made: [number, number][] = [];
      findRoutes(from, to, (share, links) => {
        made.push([routes.offsets.length() - 1, share]);
        for (const link of links) routes.links.push(link);
        routes.offsets.push(routes.links.length());
      });
      found = made;
      // Only where chips have several members is a pair of chips met again.
      if (topology.devicesPerChip > 1) routesOfChips.set(key, found);
    }
    for (const [route, share] of found) {
      messages.from.push(source);
      messages.to.push(target);
      messages.route.push(route);
      messages.bytes.push(bytes * share);
    }
    checkScheduleSize(topology, messages.from.length(), routes.links.length());
  });
  return assembled(messages.from.take(), messages.to.take(), messages.route.take(), messages.bytes.take(), {
    count: routes.offsets.length() - 1,
    offsets: routes.offsets.take(),
    links: routes.links.take(),
  });
}

/** Pairs with traffic. Each takes a message or more: what is too large is known before a way is looked for. */
function pairsOf(traffic: Traffic, members: number): number {
  if (traffic.kind === 'uniform') return traffic.bytesPerPair > 0 ? members * (members - 1) : 0;
  let pairs = 0;
  forEachPair(traffic, members, () => pairs++);
  return pairs;
}

/** Every message carries one piece, from the device that has it to the one that is to have it. */
function assembled(from: Uint32Array, to: Uint32Array, route: Uint32Array, bytes: Float64Array, routes: Schedule['routes']): Schedule {
  const count = from.length;
  return {
    pieces: { count, bytes, source: Int32Array.from(from), target: Int32Array.from(to) },
    messages: {
      count,
      from,
      to,
      route,
      bytes,
      combines: new Uint8Array(count),
      pieceOffsets: new Uint32Array(count + 1).map((_, i) => i),
      pieces: new Uint32Array(count).map((_, i) => i),
      afterOffsets: new Uint32Array(count + 1),
      after: new Uint32Array(0),
    },
    routes,
  };
}

/** Ways between two members: over the links of their slice, through the hosts from one slice to another, over none on one chip. */
function routeFinder(request: CollectiveRequest): FindRoutes {
  const { topology, devices } = request;
  const parts = membersBySlice(topology, devices);
  const routing = routingOf(request, parts);
  const partOf = new Uint32Array(devices.length);
  /** Number of a member's place, as the finder of its slice counts. */
  const placeOf = new Int32Array(devices.length);
  const finders = parts.map((part, i): FindRoutes => {
    const isOrdered = part.grid !== null && routing !== 'balanced';
    const cells = part.grid !== null && isOrdered ? gridCells(part.grid) : null;
    const places = cells ? cellsOfDevices(cells, part.devices) : part.chips;
    for (const [j, member] of part.members.entries()) {
      partOf[member] = i;
      placeOf[member] = places[j];
    }
    return cells && routing !== 'balanced' ? orderedRoutes(cells, routing) : balancedRoutes(topology, part.firstChip);
  });
  const chipOf = (member: number) => Math.floor(devices[member] / topology.devicesPerChip);
  return (from, to, emit) => {
    if (partOf[from] !== partOf[to]) emit(1, linksOverHosts(topology, chipOf(from), chipOf(to)));
    else if (placeOf[from] === placeOf[to]) emit(1, []);
    else finders[partOf[from]](placeOf[from], placeOf[to], emit);
  };
}
