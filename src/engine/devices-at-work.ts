import { assert, type EventQueue, type Picoseconds } from '../base/index.ts';
import { TaskKind } from '../program/index.ts';
import { createComputeStreams, type Lookup } from './compute-streams.ts';
import { Happens } from './event-order.ts';
import type { Job } from './job.ts';
import type { Ledger } from './ledger.ts';

/**
 * The devices at work. Of each device only this is known: where its compute stream stands, and for every task beside the stream
 * how many others it still waits for. Everything else is looked up in the ledger.
 */
export interface DevicesAtWork {
  /** The device may begin its step. */
  begin(device: number, now: Picoseconds): void;
  /** A computation is over for which others wait. */
  computed(device: number, now: Picoseconds): void;
  /** The transfer of a device to or from the host is over. */
  copied(device: number, now: Picoseconds): void;
  /** A run of a collective is over for a member. */
  ended(task: number, device: number, now: Picoseconds): void;
  /** The first device that is not done and the task it stands at, or null. */
  stuck(): { readonly device: number; readonly task: number } | null;
}

/** `join` takes a device into a run of a collective; it is false when the device takes no part. */
export function createDevicesAtWork(
  job: Job,
  ledger: Ledger,
  heap: EventQueue,
  join: (collective: number, device: number, now: Picoseconds) => boolean,
): DevicesAtWork {
  const { devices, graph, duration } = job;
  const { kind, besideRow, transferRow, needs, wakes } = graph;
  const waitsFor = countNeeds(job);
  const copying = new Int32Array(devices).fill(-1);
  const lookup = createLookup(job, ledger, waitsFor);
  // Tasks that one of these sets free are met on the way.
  const free = graph.beside.filter((task) => graph.lastCompute[task] < 0 && needs.offsets[task] === needs.offsets[task + 1]);

  const wake = (task: number, device: number, now: Picoseconds): void => {
    for (let i = wakes.offsets[task]; i < wakes.offsets[task + 1]; i++) {
      const waiting = wakes.values[i];
      if (--waitsFor[besideRow[waiting] * devices + device] === 0) start(waiting, device, now);
    }
  };

  const start = (task: number, device: number, now: Picoseconds): void => {
    if (kind[task] === TaskKind.transfer) {
      assert(copying[device] < 0, `one transfer at a time on device ${device}`);
      copying[device] = task;
      ledger.copies.begin[transferRow[task] * devices + device] = now;
      heap.push(now + duration(task, device), Happens.copied, device);
      return;
    }
    ledger.joined(task, device, now);
    if (!join(graph.collective[task], device, now)) wake(task, device, now);
  };

  const { compute, computed, at } = createComputeStreams(job, ledger, heap, { ...lookup, wake });

  return {
    computed,
    begin(device, now) {
      for (const task of free) start(task, device, now);
      compute(device, now);
    },
    copied(device, now) {
      const task = copying[device];
      copying[device] = -1;
      ledger.copies.end[transferRow[task] * devices + device] = now;
      wake(task, device, now);
      compute(device, now);
    },
    ended(task, device, now) {
      wake(task, device, now);
      compute(device, now);
    },
    stuck() {
      for (let device = 0; device < devices; device++) {
        const task = at(device) ?? graph.beside.find((one) => !lookup.isOver(one, device));
        if (task !== undefined) return { device, task };
      }
      return null;
    },
  };
}

/** From the ledger and the counters. A collective without the device is over as soon as it waits for nothing. */
function createLookup({ devices, graph, collectives, plans }: Job, { runs, copies }: Ledger, waitsFor: ArrayLike<number>): Lookup {
  const { kind, collective, besideRow, transferRow } = graph;
  const groupOf = collectives.map(({ plan }) => plans[plan].groupOf);
  return {
    isLast: (task: number, device: number): boolean => waitsFor[besideRow[task] * devices + device] === 1,
    takesPart: (task: number, device: number): boolean => kind[task] === TaskKind.transfer || groupOf[collective[task]][device] >= 0,
    isOver: (task: number, device: number): boolean => {
      if (kind[task] === TaskKind.transfer) return copies.end[transferRow[task] * devices + device] >= 0;
      const group = groupOf[collective[task]][device];
      return group < 0 ? waitsFor[besideRow[task] * devices + device] === 0 : runs.end[runs.first[collective[task]] + group] >= 0;
    },
  };
}

/** [tasks beside the stream, devices]: what each still waits for. */
function countNeeds({ devices, graph }: Job): Uint8Array | Uint32Array {
  const { beside, needs, lastCompute } = graph;
  const counts = Uint32Array.from(beside, (task) => needs.offsets[task + 1] - needs.offsets[task] + (lastCompute[task] < 0 ? 0 : 1));
  const all = counts.some((count) => count > 255) ? new Uint32Array(beside.length * devices) : new Uint8Array(beside.length * devices);
  for (const [row, count] of counts.entries()) all.fill(count, row * devices, (row + 1) * devices);
  return all;
}
