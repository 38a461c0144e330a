import { addNumber, addNumbers, assert, createEventHeap, emptyFingerprint, fingerprintText, type Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import { accountDevices } from './device-accounts.ts';
import { createNetwork } from './network.ts';
import { prepare } from './prepare.ts';
import type { LinkUseTable, SpanTable, Trace } from './trace.ts';

/** Order of events at one instant. */
const Happens = {
  /** A computation ends; first, so that collectives which it completes start at this instant. */
  computed: 0,
  /** The last bytes of a phase arrive, a latency after they left. */
  arrived: 1,
  /** Transfers run dry. */
  drained: 2,
  /** Links are shared anew; last, when everything else at this instant has started or ended. */
  settle: 7,
} as const;

/**
 * Runs one step of a program on every device. A device computes in program order, one task at a time; a collective is joined as soon as its
 * dependencies are done, beside the computation. A group of a collective starts when its last member joins; its phases follow one another,
 * each a fluid over its links (`network.ts`) and then a latency; when the last phase has arrived, all members go on.
 */
export function simulate(program: Program, topology: Topology): Trace {
  const { tasks, devices, collectives, slowdown } = program;
  assert(devices === topology.devices, `program of ${devices} devices on ${topology.devices}`);
  const { dependentOffsets, dependents, stream, plans } = prepare(program, topology);
  const heap = createEventHeap();
  const network = createNetwork(topology.links.count);
  const spans = emptySpans(tasks.count, devices);
  const waitingFor = countDependencies(program);
  const position = new Uint32Array(devices);
  const isComputing = new Uint8Array(devices);
  const firstRun = firstRuns(program);
  const runs = firstRun[collectives.length];
  const collectiveOf = new Uint32Array(runs);
  const joined = new Int32Array(runs);
  const phaseOf = new Int32Array(runs).fill(-1);
  for (let c = 0; c < collectives.length; c++) collectiveOf.fill(c, firstRun[c], firstRun[c + 1]);
  let unsettled = false;
  let drainVersion = 0;
  let events = 0;
  let step: Picoseconds = 0;
  let left = tasks.count * devices;

  const groupOf = (run: number) => plans[collectives[collectiveOf[run]].plan].groups[run - firstRun[collectiveOf[run]]];

  const settleLater = (now: Picoseconds): void => {
    if (!unsettled) heap.push(now, Happens.settle, 0);
    unsettled = true;
  };

  const finish = (task: number, device: number, now: Picoseconds): void => {
    spans.end[task * devices + device] = now;
    step = now;
    left--;
    for (let i = dependentOffsets[task]; i < dependentOffsets[task + 1]; i++) {
      const row = dependents[i] * devices + device;
      if (--waitingFor[row] === 0 && tasks.kind[dependents[i]] === TaskKind.collective) join(dependents[i], device, now);
    }
    computeNext(device, now);
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

  const join = (task: number, device: number, now: Picoseconds): void => {
    const row = task * devices + device;
    const collective = tasks.collective[task];
    const plan = plans[collectives[collective].plan];
    const group = plan.groupOf[device];
    spans.start[row] = now;
    spans.running[row] = now;
    if (group < 0) {
      finish(task, device, now);
      return;
    }
    const run = firstRun[collective] + group;
    if (++joined[run] < plan.groups[group].devices.length) return;
    for (const member of plan.groups[group].devices) spans.running[task * devices + member] = now;
    startPhase(run, now);
  };

  const startPhase = (run: number, now: Picoseconds): void => {
    const phases = groupOf(run).phases;
    const phase = phases[++phaseOf[run]];
    if (phase !== undefined && phase.transfer.seconds > 0) {
      network.start(run, phase.transfer, now);
      settleLater(now);
    } else {
      // Nothing to move: only the latency, or the end of a collective without phases, as an event of its own.
      heap.push(now + (phase?.latency ?? 0), Happens.arrived, run);
    }
  };

  const arrive = (run: number, now: Picoseconds): void => {
    const { devices: members, phases } = groupOf(run);
    if (phaseOf[run] + 1 < phases.length) startPhase(run, now);
    else for (const member of members) finish(collectives[collectiveOf[run]].task, member, now);
  };

  const drain = (now: Picoseconds): void => {
    for (const run of network.takeFinished(now)) heap.push(now + groupOf(run).phases[phaseOf[run]].latency, Happens.arrived, run);
    settleLater(now);
  };

  const settle = (now: Picoseconds): void => {
    unsettled = false;
    const next = network.settle(now);
    drainVersion++;
    if (next >= 0) heap.push(next, Happens.drained, drainVersion);
  };

  for (let device = 0; device < devices; device++) {
    for (let task = 0; task < tasks.count; task++) {
      const isFree = tasks.dependencyOffsets[task] === tasks.dependencyOffsets[task + 1];
      if (isFree && tasks.kind[task] === TaskKind.collective) join(task, device, 0);
    }
    computeNext(device, 0);
  }
  while (heap.pop()) {
    const { time, payload } = heap;
    events++;
    switch (heap.phase) {
      case Happens.computed:
        isComputing[payload] = 0;
        finish(stream[position[payload]++], payload, time);
        break;
      case Happens.arrived:
        arrive(payload, time);
        break;
      case Happens.drained:
        if (payload === drainVersion) drain(time);
        break;
      default:
        settle(time);
    }
  }
  assert(left === 0, `all tasks end; stuck at ${left === 0 ? '' : firstStuck(program, spans)}`);
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

/** A run is one group of one collective; runs of collective c are firstRun[c] .. firstRun[c + 1] - 1. */
function firstRuns({ collectives, plans }: Program): Uint32Array {
  const first = new Uint32Array(collectives.length + 1);
  for (const [c, { plan }] of collectives.entries()) first[c + 1] = first[c] + plans[plan].groups.length;
  return first;
}

function firstStuck({ tasks, names, devices }: Program, spans: SpanTable): string {
  const row = spans.end.indexOf(-1);
  const task = Math.floor(row / devices);
  return `task ${task} (${names[tasks.name[task]]}) on device ${row % devices}, ${spans.start[row] < 0 ? 'never ready' : 'never finished'}`;
}
