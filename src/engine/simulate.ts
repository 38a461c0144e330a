import { addNumber, addNumbers, assert, createEventHeap, emptyFingerprint, fingerprintText, type Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Program } from '../program/index.ts';
import { accountDevices } from './device-accounts.ts';
import { createDevices, type Devices } from './devices.ts';
import { Happens } from './events.ts';
import { createLiveTransfers } from '../network/index.ts';
import { prepare } from './prepare.ts';
import { createRuns } from './runs.ts';
import type { LinkUseTable, SpanTable, Trace } from './trace.ts';

/**
 * Runs one step of a program on every device. A device computes in program order, one task at a time; a collective is joined as soon as its
 * dependencies are done, beside the computation. A group of a collective starts when its last member joins; its phases follow one another,
 * each a fluid over its links (`network/live-transfers.ts`) and then a latency; when the last phase has arrived, all members go on.
 */
export function simulate(program: Program, topology: Topology): Trace {
  assert(program.devices === topology.devices, `program of ${program.devices} devices on ${topology.devices}`);
  const prepared = prepare(program, topology);
  const heap = createEventHeap();
  const network = createLiveTransfers(topology.links.count);
  // Devices join runs, and runs tell devices: each knows the other by its few calls only.
  const devices: Devices = createDevices(program, prepared, heap, (collective, device, now) => runs.join(collective, device, now));
  const runs = createRuns(program, prepared.plans, network, heap, devices);
  const { spans } = devices;
  devices.start();
  let events = 0;
  while (heap.pop()) {
    events++;
    if (heap.phase === Happens.computed) devices.computed(heap.payload, heap.time);
    else if (heap.phase === Happens.arrived) runs.arrived(heap.payload, heap.time);
    else if (heap.phase === Happens.drained) runs.drained(heap.payload, heap.time);
    else runs.settle(heap.time);
  }
  if (devices.left > 0) assert(false, `all tasks end; stuck at ${firstStuck(program, spans)}`);
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

function firstStuck({ tasks, names, devices }: Program, spans: SpanTable): string {
  const row = spans.end.indexOf(-1);
  const task = Math.floor(row / devices);
  return `task ${task} (${names[tasks.name[task]]}) on device ${row % devices}, ${spans.start[row] < 0 ? 'never ready' : 'never finished'}`;
}
