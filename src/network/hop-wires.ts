import type { Bytes, EventQueue, Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { HopHappens } from './hop-events.ts';
import { createHopLinks } from './hop-links.ts';
import type { HopWork } from './hop-work.ts';

/** Messages on their way. What they ask for later comes back as events: `arrived` and `freed`, and `delivered` for whoever posts. */
export interface HopWires {
  /** All chunks of a message wait at its first link. */
  post(message: number, now: Picoseconds): void;
  /** A chunk may go on from this station. */
  arrived(station: number, now: Picoseconds): void;
  /** A link has sent what it was sending. */
  freed(link: number, now: Picoseconds): void;
  /** [links, then chips]: bytes carried, and picoseconds of sending. */
  readonly bytes: Float64Array;
  readonly busy: Float64Array;
}

/**
 * Round-robin among jobs, byte for byte, with a window per message and hop, shares links by max-min fairness (Hahne, Round-robin scheduling for
 * max-min fairness in data networks, IEEE JSAC 9(7), 1991). Within a job the message goes first for which the longest chain of others waits: a block
 * that has far to go must not wait for one that is nearly there, or links idle later (gathering over unequal sides took up to 1.4 times as long in
 * turns alone). Of those with equal chains the one goes first that its program posts first, because in turns all would arrive late, and what
 * waits for them would start late (a broadcast in pieces took 4 times as long); those that nobody waits for take turns. Without windows a message that is slow further on would pile up there, and take time
 * of the links before that others could use. Windows count from the start of a chunk on one link to its start on the next; that a place is free
 * again is known at once.
 *
 * Virtual cut-through (Kermani and Kleinrock, 1979): a chunk starts on the next link a hop's latency after it started on this one, so chunks, which
 * stand for many packets, do not add the time to store them at every hop. Where the next link is faster the chunk waits until it can be sent
 * without a gap, and ends when its tail has arrived.
 */
export function createHopWires(topology: Topology, work: HopWork, chunkBytes: Bytes, heap: EventQueue): HopWires {
  const { stationOffsets, queueOf, linkOf, chain } = work;
  const links = createHopLinks(topology, work, chunkBytes, heap);
  const messageOf = stationMessages(work);
  // Of each station: chunks that have not left it; of those, chunks that wait here; chunks that have left the station before and not this one.
  const left = new Int32Array(queueOf.length);
  const waiting = new Int32Array(queueOf.length);
  const held = new Int32Array(queueOf.length);

  const messageAt = (station: number): number => (messageOf === null ? station : messageOf[station]);
  const linkAt = (station: number): number => linkOf[queueOf[station]];
  const isLastHop = (station: number): boolean => station + 1 === stationOffsets[messageAt(station) + 1];

  /** There is a chunk, and a place for it further on. */
  const maySend = (station: number): boolean =>
    waiting[station] > 0 && (isLastHop(station) || held[station + 1] < links.places[linkAt(station)]);

  /** Sends one chunk of a station that is in no line, over its idle link, and gives the place that it leaves to the station before. */
  const send = (station: number, now: Picoseconds): void => {
    const message = messageAt(station);
    const link = linkAt(station);
    waiting[station]--;
    const size = --left[station] > 0 ? chunkBytes : work.bytes[message] - (work.chunks[message] - 1) * chunkBytes;
    const sending = links.occupy(station, size, now);
    if (!isLastHop(station)) {
      const sooner = sending - links.sendingTime(linkAt(station + 1), size);
      held[station + 1]++;
      heap.push(now + links.latency[link] + Math.max(0, sooner), HopHappens.arrived, station + 1);
    } else if (left[station] === 0) heap.push(now + sending + links.latency[link], HopHappens.delivered, message);
    if (maySend(station)) links.standInLine(station, chain[messageAt(station)]);
    if (station === stationOffsets[message]) return;
    held[station]--;
    offer(station - 1, now);
  };

  const offer = (station: number, now: Picoseconds): void => {
    if (links.isInLine(station) || !maySend(station)) return;
    if (links.isIdle(linkAt(station), now)) send(station, now);
    else links.standInLine(station, chain[messageAt(station)]);
  };

  return {
    bytes: links.bytes,
    busy: links.busy,
    post(message, now) {
      const first = stationOffsets[message];
      left.fill(work.chunks[message], first, stationOffsets[message + 1]);
      waiting[first] = work.chunks[message];
      offer(first, now);
    },
    arrived(station, now) {
      waiting[station]++;
      offer(station, now);
    },
    freed(link, now) {
      const station = links.next(link);
      if (station >= 0) send(station, now);
    },
  };
}

/** Null where every message has one station, and their numbers are equal. */
function stationMessages({ messages, stationOffsets, queueOf }: HopWork): Uint32Array | null {
  if (queueOf.length === messages) return null;
  const messageOf = new Uint32Array(queueOf.length);
  for (let m = 0; m < messages; m++) messageOf.fill(m, stationOffsets[m], stationOffsets[m + 1]);
  return messageOf;
}
