import type { EventHeap, Picoseconds } from '../base/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import { Happens } from './events.ts';
import type { Prepared } from './prepare.ts';
import type { SpanTable } from './trace.ts';

/** The devices at work: which tasks wait for what, and what each device computes. Writes down when every task was ready, ran and ended. */
export interface Devices {
  readonly spans: SpanTable;
  /** Tasks that have not ended, over all devices. */
  readonly left: number;
  /** Makes ready, at time 0, what has no dependencies. */
  start(): void;
  /** The computation of a device is over: its next one may begin. */
  computed(device: number, now: Picoseconds): void;
  /** The last member of a device's group has joined: bytes begin to move. */
  began(task: number, device: number, now: Picoseconds): void;
  ended(task: number, device: number, now: Picoseconds): void;
}

/** `join` takes a device into a run of a collective; it is false when the device takes no part. */
export function createDevices(
  program: Program,
  { dependentOffsets, dependents, stream }: Pick<Prepared, 'dependentOffsets' | 'dependents' | 'stream'>,
  heap: EventHeap,
  join: (collective: number, device: number, now: Picoseconds) => boolean,
): Devices {
  const { tasks, devices, slowdown, deviceTimes } = program;
  const spans = emptySpans(tasks.count, devices);
  const waitingFor = countDependencies(program);
  const position = new Uint32Array(devices);
  const isComputing = new Uint8Array(devices);
  let left = tasks.count * devices;

  const finish = (task: number, device: number, now: Picoseconds): void => {
    spans.end[task * devices + device] = now;
    left--;
    for (let i = dependentOffsets[task]; i < dependentOffsets[task + 1]; i++) {
      const dependent = dependents[i];
      if (--waitingFor[dependent * devices + device] === 0) becomeReady(dependent, device, now);
    }
  };

  const duration = (task: number, device: number): Picoseconds => {
    const row = tasks.deviceRow[task];
    return Math.round((row < 0 ? tasks.picoseconds[task] : deviceTimes[row].picoseconds[device]) * slowdown[device]);
  };

  const becomeReady = (task: number, device: number, now: Picoseconds): void => {
    if (tasks.kind[task] === TaskKind.compute) {
      computeNext(device, now);
      return;
    }
    spans.start[task * devices + device] = now;
    spans.running[task * devices + device] = now;
    if (!join(tasks.collective[task], device, now)) finish(task, device, now);
  };

  const computeNext = (device: number, now: Picoseconds): void => {
    if (isComputing[device] || position[device] === stream.length) return;
    const task = stream[position[device]];
    const row = task * devices + device;
    if (waitingFor[row] > 0) return;
    isComputing[device] = 1;
    spans.start[row] = now;
    spans.running[row] = now;
    heap.push(now + duration(task, device), Happens.computed, device);
  };

  return {
    spans,
    get left() {
      return left;
    },
    start() {
      // Chosen before anything runs; tasks that such a task sets free are met on the way.
      const free = Array.from(tasks.kind.keys()).filter((task) => waitingFor[task * devices] === 0);
      for (let device = 0; device < devices; device++) for (const task of free) becomeReady(task, device, 0);
    },
    computed(device, now) {
      isComputing[device] = 0;
      finish(stream[position[device]++], device, now);
      computeNext(device, now);
    },
    began(task, device, now) {
      spans.running[task * devices + device] = now;
    },
    ended: finish,
  };
}

/** Row = task * devices + device. */
function emptySpans(taskCount: number, devices: number): SpanTable {
  const count = taskCount * devices;
  return {
    count,
    task: Uint32Array.from({ length: count }, (_, row) => Math.floor(row / devices)),
    device: Uint32Array.from({ length: count }, (_, row) => row % devices),
    start: new Float64Array(count).fill(-1),
    running: new Float64Array(count).fill(-1),
    end: new Float64Array(count).fill(-1),
  };
}

/** [tasks, devices]: dependencies that are not done yet. */
function countDependencies({ tasks, devices }: Program): Int32Array {
  const counts = new Int32Array(tasks.count * devices);
  for (let task = 0; task < tasks.count; task++) {
    counts.fill(tasks.dependencyOffsets[task + 1] - tasks.dependencyOffsets[task], task * devices, (task + 1) * devices);
  }
  return counts;
}
