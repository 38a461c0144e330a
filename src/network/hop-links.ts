import { type Bytes, type EventHeap, PICOSECONDS_PER_SECOND, type Picoseconds, toPicoseconds } from '../base/index.ts';
import { LinkKind, type Topology } from '../hardware/index.ts';
import { HopHappens } from './hop-events.ts';

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
  /** Sends over an idle link; an event comes when it is free, if any station stands in line by then. */
  occupy(link: number, bytes: Bytes, now: Picoseconds): Picoseconds;
  /** Sending nothing, and nobody before a newcomer. */
  isIdle(link: number, now: Picoseconds): boolean;
  isInLine(station: number): boolean;
  standInLine(station: number): void;
  /** The first in line, who leaves it; -1 when nobody is. */
  next(link: number): number;
}

/** Chunks that a message may keep at a link beside those that are on their way to it. */
const WINDOW_CHUNKS = 2;

export function createHopLinks(topology: Topology, linkOf: Uint32Array, chunkBytes: Bytes, heap: EventHeap): HopLinks {
  const { latency, picosecondsPerByte } = linkTimes(topology);
  const bytes = new Float64Array(latency.length);
  const busy = new Float64Array(latency.length);
  const freeAt = new Float64Array(latency.length);
  const willBeFreed = new Uint8Array(latency.length);
  // The stations in line at a link form a ring by `behind`, so that the last one finds the first; a station is in one line at most.
  const last = new Int32Array(latency.length).fill(-1);
  const behind = new Int32Array(linkOf.length).fill(-1);
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
    occupy(link, size, now) {
      const sending = sendingTime(link, size);
      freeAt[link] = now + sending;
      busy[link] += sending;
      bytes[link] += size;
      if (last[link] >= 0) wake(link);
      return sending;
    },
    isIdle: (link, now) => last[link] < 0 && freeAt[link] <= now,
    isInLine: (station) => behind[station] >= 0,
    standInLine(station) {
      const link = linkOf[station];
      behind[station] = last[link] < 0 ? station : behind[last[link]];
      if (last[link] >= 0) behind[last[link]] = station;
      last[link] = station;
      wake(link);
    },
    next(link) {
      willBeFreed[link] = 0;
      if (last[link] < 0) return -1;
      const first = behind[last[link]];
      if (first === last[link]) last[link] = -1;
      else behind[last[link]] = behind[first];
      behind[first] = -1;
      return first;
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
