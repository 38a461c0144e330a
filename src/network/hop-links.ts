import { type Bytes, type EventQueue, PICOSECONDS_PER_SECOND, type Picoseconds, toPicoseconds } from '../base/index.ts';
import { LinkKind, type Topology } from '../hardware/index.ts';
import { HopHappens } from './hop-events.ts';
import type { HopWork } from './hop-work.ts';
import { createUrgencyHeaps } from './urgency-heaps.ts';

/** Links, and behind them every chip's HBM: what each is sending, and which stations stand in line at it. */
export interface HopLinks {
  /** Picoseconds from the end of sending to the arrival. */
  readonly latency: Float64Array;
  /** Chunks that one message may have on the way from this link to the next. */
  readonly places: Int32Array;
  readonly bytes: Float64Array;
  /** Picoseconds of sending. */
  readonly busy: Float64Array;
  sendingTime(link: number, bytes: Bytes): Picoseconds;
  /** Sends over the idle link of a station; an event comes when it is free, if any station stands in line by then. */
  occupy(station: number, bytes: Bytes, now: Picoseconds): Picoseconds;
  /** Sending nothing, and nobody before a newcomer. */
  isIdle(link: number, now: Picoseconds): boolean;
  isInLine(station: number): boolean;
  /**
   * The longer the chain of messages that wait for this one, the sooner it is its turn within its job; among equals that others wait for, the sooner
   * it is posted by the schedule. Those that nobody waits for take turns.
   */
  standInLine(station: number, chain: number): void;
  /** Whose turn it is, who leaves the line; -1 when nobody is in it. */
  next(link: number): number;
}

/** Chunks that a message may keep at a link beside those that are on their way to it. */
const WINDOW_CHUNKS = 2;
/** More than there are turns, or stations. */
const TURNS = 2 ** 40;

export function createHopLinks(topology: Topology, { queueOf, linkOf }: HopWork, chunkBytes: Bytes, heap: EventQueue): HopLinks {
  const { latency, picosecondsPerByte } = linkTimes(topology);
  const bytes = new Float64Array(latency.length);
  const busy = new Float64Array(latency.length);
  const freeAt = new Float64Array(latency.length);
  const willBeFreed = new Uint8Array(latency.length);
  // The queues at a link that are not empty form a ring by `behind`, so that the last one finds the first.
  const queues = createUrgencyHeaps(linkOf.length, queueOf.length);
  const last = new Int32Array(latency.length).fill(-1);
  const behind = new Int32Array(linkOf.length);
  /** Bytes that a queue may send in this turn; chunks of messages that are smaller than a chunk make turns unequal otherwise. */
  const credit = new Float64Array(linkOf.length);
  let turn = 0;
  const enterRing = (queue: number): void => {
    const link = linkOf[queue];
    behind[queue] = last[link] < 0 ? queue : behind[last[link]];
    if (last[link] >= 0) behind[last[link]] = queue;
    last[link] = queue;
    credit[queue] = chunkBytes;
  };
  /** The job whose turn it is: it sends until its credit is used up, and then waits for all others (deficit round-robin, Shreedhar and Varghese, 1996). */
  const nextQueue = (link: number): number => {
    for (;;) {
      const queue = behind[last[link]];
      if (credit[queue] > 0) return queue;
      credit[queue] += chunkBytes;
      last[link] = queue;
    }
  };
  const wake = (link: number): void => {
    if (willBeFreed[link] === 0) heap.push(freeAt[link], HopHappens.freed, link);
    willBeFreed[link] = 1;
  };
  const sendingTime = (link: number, size: Bytes): Picoseconds => Math.round(size * picosecondsPerByte[link]);
  return {
    latency,
    places: Int32Array.from(latency, (wire, link) => WINDOW_CHUNKS + Math.ceil(wire / (chunkBytes * picosecondsPerByte[link]))),
    bytes,
    busy,
    sendingTime,
    occupy(station, size, now) {
      const link = linkOf[queueOf[station]];
      credit[queueOf[station]] -= size;
      const sending = sendingTime(link, size);
      freeAt[link] = now + sending;
      busy[link] += sending;
      bytes[link] += size;
      if (last[link] >= 0) wake(link);
      return sending;
    },
    isIdle: (link, now) => last[link] < 0 && freeAt[link] <= now,
    isInLine: (station) => queues.holds(station),
    standInLine(station, chain) {
      const queue = queueOf[station];
      if (queues.isEmpty(queue)) enterRing(queue);
      queues.push(queue, station, (chain > 1 ? station : turn++) - chain * TURNS);
      wake(linkOf[queue]);
    },
    next(link) {
      willBeFreed[link] = 0;
      if (last[link] < 0) return -1;
      const queue = nextQueue(link);
      const station = queues.pop(queue);
      if (!queues.isEmpty(queue)) return station;
      if (queue === last[link]) last[link] = -1;
      else behind[last[link]] = behind[queue];
      return station;
    },
  };
}

/** Of every link, and then of every chip's HBM. Half of the way from host to host is before the network and half behind it. */
function linkTimes({ links, chips, hosts, hopLatencySeconds, localBytesPerSecond }: Topology): {
  latency: Float64Array;
  picosecondsPerByte: Float64Array;
} {
  const latency = new Float64Array(links.count + chips);
  const picosecondsPerByte = new Float64Array(links.count + chips).fill(PICOSECONDS_PER_SECOND / localBytesPerSecond);
  for (let link = 0; link < links.count; link++) {
    picosecondsPerByte[link] = PICOSECONDS_PER_SECOND / links.bytesPerSecond[link];
    if (links.kind[link] === LinkKind.ici) latency[link] = toPicoseconds(hopLatencySeconds);
    else if (links.kind[link] === LinkKind.nic) latency[link] = toPicoseconds((hosts?.latencySeconds ?? 0) / 2);
  }
  return { latency, picosecondsPerByte };
}
