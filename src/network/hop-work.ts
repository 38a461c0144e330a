import { assert, type Bytes, type Picoseconds, toPicoseconds } from '../base/index.ts';
import type { Schedule } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { NetworkJob } from './model.ts';

/**
 * Messages of all jobs in one list, each with its stations: one per hop of its route, where its chunks wait for the link. A message between the
 * devices of one chip has one station too, at the chip's HBM; that stands behind the links: link = links of the topology + chip.
 * The stations of one job at one link form a queue.
 */
export interface HopWork {
  readonly messages: number;
  readonly jobOf: Int32Array;
  readonly bytes: Float64Array;
  /** At least one; all but the last have the full size. */
  readonly chunks: Int32Array;
  /** Messages that must arrive before it. */
  readonly waitingFor: Int32Array;
  /** Picoseconds: when its sender is ready; null when all are at once. */
  readonly senderReady: Float64Array | null;
  /** Stations of message m: stationOffsets[m] .. stationOffsets[m + 1] - 1, in the order of its route. */
  readonly stationOffsets: Uint32Array;
  readonly queueOf: Uint32Array;
  /** [queues]. */
  readonly linkOf: Uint32Array;
  /** Compressed rows: messages that wait for message m. */
  readonly dependentOffsets: Uint32Array;
  readonly dependents: Uint32Array;
  /** Messages on the longest chain of those that wait for message m, itself among them. */
  readonly chain: Int32Array;
}

/** What `hop` will need for a schedule: events, at most, and memory beside the schedule itself. */
export interface HopEstimate {
  readonly events: number;
  readonly bytes: Bytes;
}

/** Every chunk may wait for every link of its route, arrives at all but the first, and its message is delivered once. */
export function hopEstimate({ messages, routes }: Pick<Schedule, 'messages' | 'routes'>, chunkBytes: Bytes): HopEstimate {
  let stations = 0;
  let events = 0;
  for (let m = 0; m < messages.count; m++) {
    const route = messages.route[m];
    const hops = Math.max(1, routes.offsets[route + 1] - routes.offsets[route]);
    stations += hops;
    events += (2 * hops - 1) * chunksOf(messages.bytes[m], chunkBytes) + 1;
  }
  return { events, bytes: stations * BYTES_PER_STATION + messages.count * BYTES_PER_MESSAGE + messages.after.length * 4 };
}

/** Here and in `hop-wires.ts`: queue, message, chunks left, waiting and held; key, child and sibling in the queue. */
const BYTES_PER_STATION = 36;
/** Job, bytes, chunks, count of what it waits for, ready time, chain, offsets of stations and of dependents with a cursor; its pending event. */
const BYTES_PER_MESSAGE = 44 + 20;

function chunksOf(bytes: Bytes, chunkBytes: Bytes): number {
  return Math.max(1, Math.ceil(bytes / chunkBytes));
}

export function hopWork(topology: Topology, jobs: readonly NetworkJob[], chunkBytes: Bytes): HopWork {
  assert(chunkBytes > 0, `chunks have bytes, not ${chunkBytes}`);
  const schedules = jobs.map((job) => job.schedule());
  const count = schedules.reduce((sum, { messages }) => sum + messages.count, 0);
  const work = {
    messages: count,
    jobOf: new Int32Array(count),
    bytes: new Float64Array(count),
    chunks: new Int32Array(count),
    waitingFor: new Int32Array(count),
    senderReady: jobs.some(({ starts }) => starts !== undefined) ? new Float64Array(count) : null,
  };
  let first = 0;
  for (const [job, { messages }] of schedules.entries()) {
    const readyAt = work.senderReady && startsByDevice(jobs[job]);
    for (let m = 0; m < messages.count; m++) {
      work.jobOf[first + m] = job;
      work.bytes[first + m] = messages.bytes[m];
      work.chunks[first + m] = chunksOf(messages.bytes[m], chunkBytes);
      work.waitingFor[first + m] = messages.afterOffsets[m + 1] - messages.afterOffsets[m];
      if (readyAt && work.senderReady) work.senderReady[first + m] = readyAt.get(messages.from[m]) ?? 0;
    }
    first += messages.count;
  }
  return { ...work, ...stationRows(topology, schedules, count), ...dependentRows(schedules, count) };
}

function startsByDevice({ plan, starts }: NetworkJob): Map<number, Picoseconds> {
  const readyAt = new Map<number, Picoseconds>();
  if (starts) for (const [member, device] of plan.devices.entries()) readyAt.set(device, toPicoseconds(starts[member]));
  return readyAt;
}

function stationRows(
  topology: Topology,
  schedules: readonly Schedule[],
  count: number,
): Pick<HopWork, 'stationOffsets' | 'queueOf' | 'linkOf'> {
  const stationOffsets = new Uint32Array(count + 1);
  let message = 0;
  for (const { messages, routes } of schedules) {
    for (let m = 0; m < messages.count; m++, message++) {
      const hops = routes.offsets[messages.route[m] + 1] - routes.offsets[messages.route[m]];
      stationOffsets[message + 1] = stationOffsets[message] + Math.max(1, hops);
    }
  }
  const queueOf = new Uint32Array(stationOffsets[count]);
  const linkOf: number[] = [];
  const newestQueue = new Int32Array(topology.links.count + topology.chips).fill(-1);
  let station = 0;
  for (const { messages, routes } of schedules) {
    const firstOfJob = linkOf.length;
    const enter = (link: number): void => {
      if (newestQueue[link] < firstOfJob) newestQueue[link] = linkOf.push(link) - 1;
      queueOf[station++] = newestQueue[link];
    };
    for (let m = 0; m < messages.count; m++) {
      const from = routes.offsets[messages.route[m]];
      const to = routes.offsets[messages.route[m] + 1];
      if (from === to) enter(topology.links.count + Math.floor(messages.from[m] / topology.devicesPerChip));
      for (let i = from; i < to; i++) enter(routes.links[i]);
    }
  }
  return { stationOffsets, queueOf, linkOf: Uint32Array.from(linkOf) };
}

/** Turns "waits for" rows around. */
function dependentRows(schedules: readonly Schedule[], count: number): Pick<HopWork, 'dependentOffsets' | 'dependents' | 'chain'> {
  const dependentOffsets = new Uint32Array(count + 1);
  let first = 0;
  for (const { messages } of schedules) {
    for (let i = 0; i < messages.after.length; i++) dependentOffsets[first + messages.after[i] + 1]++;
    first += messages.count;
  }
  for (let m = 0; m < count; m++) dependentOffsets[m + 1] += dependentOffsets[m];
  const dependents = new Uint32Array(dependentOffsets[count]);
  const next = dependentOffsets.slice();
  first = 0;
  for (const { messages } of schedules) {
    for (let m = 0; m < messages.count; m++) {
      for (let i = messages.afterOffsets[m]; i < messages.afterOffsets[m + 1]; i++)
        dependents[next[first + messages.after[i]]++] = first + m;
    }
    first += messages.count;
  }
  const chain = new Int32Array(count).fill(1);
  for (let m = count - 1; m >= 0; m--) {
    for (let i = dependentOffsets[m]; i < dependentOffsets[m + 1]; i++) chain[m] = Math.max(chain[m], chain[dependents[i]] + 1);
  }
  return { dependentOffsets, dependents, chain };
}
