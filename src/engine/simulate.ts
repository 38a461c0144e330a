import { addNumber, addNumbers, assert, createEventHeap, emptyFingerprint, fingerprintText, type Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import { accountDevices } from './device-accounts.ts';
import { Happens } from './events.ts';
import { createNetwork } from './network.ts';
import { prepare } from './prepare.ts';
import { createRuns } from './runs.ts';
import type { LinkUseTable, SpanTable, Trace } from './trace.ts';

/**
 * Runs one step of a program on every device. A device computes in program order, one task at a time; a collective is joined as soon as its
 * dependencies are done, beside the computation. A group of a collective starts when its last member joins; its phases follow one another,
 * each a fluid over its links (`network.ts`) and then a latency; when the last phase has arrived, all members go on.
 */
export function simulate(program: Program, topology: Topology): Trace {
  const { tasks, devices, slowdown } = program;
  assert(devices === topology.devices, `program of ${devices} devices on ${topology.devices}`);
  const { dependentOffsets, dependents, stream, plans } = prepare(program, topology);
  const heap = createEventHeap();
  const network = createNetwork(topology.links.count);
  const spans = emptySpans(tasks.count, devices);
  const waitingFor = countDependencies(program);
  const position = new Uint32Array(devices);
  const isComputing = new Uint8Array(devices);
  let events = 0;
  let left = tasks.count * devices;

  const finish = (task: number, device: number, now: Picoseconds): void => {
    spans.end[task * devices + device] = now;
    left--;
    for (let i = dependentOffsets[task]; i < dependentOffsets[task + 1]; i++) {
      const dependent = dependents[i];
      if (--waitingFor[dependent * devices + device] === 0) becomeReady(dependent, device, now);
    }
  };

  const becomeReady = (task: number, device: number, now: Picoseconds): void => {
    if (tasks.kind[task] === TaskKind.compute) {
      computeNext(device, now);
      return;
    }
    spans.start[task * devices + device] = now;
    spans.running[task * devices + device] = now;
    if (!runs.join(tasks.collective[task], device, now)) finish(task, device, now);
  };

  const computeNext = (device: number, now: Picoseconds): void => {
    if (isComputing[device] || position[device] === stream.length) return;
    const task = stream[position[device]];
    const row = task * devices + device;
    if (waitingFor[row] > 0) return;
    isComputing[device] = 1;
    spans.start[row] = now;
    spans.running[row] = now;
    heap.push(now + Math.round(tasks.picoseconds[task] * slowdown[device]), Happens.computed, device);
  };

  const computed = (device: number, now: Picoseconds): void => {
    isComputing[device] = 0;
    finish(stream[position[device]++], device, now);
    computeNext(device, now);
  };

  const runs = createRuns(program, plans, network, heap, {
    began: (task, device, now) => {
      spans.running[task * devices + device] = now;
    },
    ended: finish,
  });

  // Chosen before anything runs: what has no dependencies. Tasks that such a task sets free are met on the way.
  const free = Array.from(tasks.kind.keys()).filter((task) => waitingFor[task * devices] === 0);
  for (let device = 0; device < devices; device++) for (const task of free) becomeReady(task, device, 0);
  while (heap.pop()) {
    events++;
    if (heap.phase === Happens.computed) computed(heap.payload, heap.time);
    else if (heap.phase === Happens.arrived) runs.arrived(heap.payload, heap.time);
    else if (heap.phase === Happens.drained) runs.drained(heap.payload, heap.time);
    else runs.settle(heap.time);
  }
  if (left > 0) assert(false, `all tasks end; stuck at ${firstStuck(program, spans)}`);
  const step = spans.end.reduce((last, end) => Math.max(last, end), 0);
  const links: LinkUseTable = { bytes: network.bytes, busy: network.busy };
  return { step, events, spans, devices: accountDevices(program, spans, step), links, fingerprint: fingerprint(step, spans, links) };
}

/** Ingredients: the step, every span, bytes and busy time of every link. */
function fingerprint(step: Picoseconds, spans: SpanTable, links: LinkUseTable): string {
  const print = emptyFingerprint();
  addNumber(print, step);
  for (const column of [spans.task, spans.device, spans.start, spans.running, spans.end, links.bytes, links.busy])
    addNumbers(print, column);
  return fingerprintText(print);
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

function firstStuck({ tasks, names, devices }: Program, spans: SpanTable): string {
  const row = spans.end.indexOf(-1);
  const task = Math.floor(row / devices);
  return `task ${task} (${names[tasks.name[task]]}) on device ${row % devices}, ${spans.start[row] < 0 ? 'never ready' : 'never finished'}`;
}
