import { type Picoseconds, toPicoseconds } from '../base/index.ts';
import { TaskKind } from '../program/index.ts';
import type { Job, PreparedGroup } from './job.ts';
import type { Ledger } from './ledger.ts';

/**
 * Task by task in program order, every task over all devices (a max-plus recurrence): no events, and each transfer as if alone on its wires.
 * That is the truth where transfers that share a link never overlap in time, and then the times found here show it; so the sweep proves itself,
 * link by link, as it goes. Returns the time for which each link was busy, or null as soon as two transfers would meet on one.
 */
export function sweep(job: Job, ledger: Ledger): Float64Array | null {
  const { graph, devices, start, duration } = job;
  const { kind } = graph;
  const wires = createWires(job.linkCount);
  const ends = createEnds(job);
  const ready = new Float64Array(devices);
  for (let task = 0; task < graph.count; task++) {
    ready.set(start);
    for (let i = graph.needs.offsets[task]; i < graph.needs.offsets[task + 1]; i++) takeLater(ready, ends.of(graph.needs.values[i]));
    if (kind[task] === TaskKind.compute) {
      takeLater(ready, ledger.idleSince);
      for (let device = 0; device < devices; device++) ledger.compute(task, device, ready[device], duration(task, device));
      ends.keep(task, ledger.idleSince);
    } else {
      if (graph.lastCompute[task] >= 0) takeLater(ready, ends.of(graph.lastCompute[task]));
      if (kind[task] === TaskKind.transfer) copy(job, ledger, task, ready);
      else if (!moveAll(job, ledger, task, ready, wires)) return null;
      // Both leave in `ready` when the task ended.
      ends.keep(task, ready);
    }
    ends.release(task);
  }
  return wires.busy;
}

function takeLater(ready: Float64Array, ends: Float64Array): void {
  for (let device = 0; device < ready.length; device++) if (ends[device] > ready[device]) ready[device] = ends[device];
}

function copy({ graph, devices, duration }: Job, { copies }: Ledger, task: number, ready: Float64Array): void {
  const first = graph.transferRow[task] * devices;
  for (let device = 0; device < devices; device++) {
    copies.begin[first + device] = ready[device];
    ready[device] += duration(task, device);
    copies.end[first + device] = ready[device];
  }
}

/** All groups of one collective. */
function moveAll({ graph, collectives, plans, devices }: Job, ledger: Ledger, task: number, ready: Float64Array, wires: Wires): boolean {
  for (let device = 0; device < devices; device++) ledger.joined(task, device, ready[device]);
  const c = graph.collective[task];
  const { runs } = ledger;
  const { groups } = plans[collectives[c].plan];
  for (let g = 0; g < groups.length; g++) {
    const members = groups[g].devices;
    let begin = 0;
    for (let i = 0; i < members.length; i++) if (ready[members[i]] > begin) begin = ready[members[i]];
    const end = wires.move(groups[g], begin);
    if (end < 0) return false;
    runs.begin[runs.first[c] + g] = begin;
    runs.end[runs.first[c] + g] = end;
    for (let i = 0; i < members.length; i++) ready[members[i]] = end;
  }
  return true;
}

interface Wires {
  /** Moves the phases of a group one after the other; returns when the last byte has arrived, or -1 if a link is not free. */
  move(group: PreparedGroup, begin: Picoseconds): Picoseconds;
  readonly busy: Float64Array;
}

function createWires(linkCount: number): Wires {
  const busy = new Float64Array(linkCount);
  const freeFrom = new Float64Array(linkCount);
  return {
    busy,
    move({ phases }, begin) {
      let now = begin;
      for (const { transfer, latency } of phases) {
        if (transfer.seconds > 0) {
          const { links } = transfer;
          const picoseconds = toPicoseconds(transfer.seconds);
          const until = now + picoseconds;
          // A transfer of less than half a picosecond has its links for one: it may still not meet another.
          const free = Math.max(until, now + 1);
          for (let i = 0; i < links.length; i++) {
            const link = links[i];
            if (freeFrom[link] > now) return -1;
            freeFrom[link] = free;
            busy[link] += picoseconds;
          }
          now = until;
        }
        now += latency;
      }
      return now;
    },
  };
}

/** Rows of [devices] with the ends of tasks, each kept until the last task that asks for it is done. */
interface Ends {
  of(task: number): Float64Array;
  keep(task: number, ends: Float64Array): void;
  /** Lets go of what no task after this one asks for. */
  release(task: number): void;
}

function createEnds({ graph, devices }: Job): Ends {
  const { count, needs, lastCompute } = graph;
  const lastUse = new Int32Array(count).fill(-1);
  for (let task = 0; task < count; task++) {
    for (let i = needs.offsets[task]; i < needs.offsets[task + 1]; i++) lastUse[needs.values[i]] = task;
    if (lastCompute[task] >= 0) lastUse[lastCompute[task]] = task;
  }
  // Tasks that no task after this one asks for, in linked lists: [tasks], -1 at the end.
  const doneWith = new Int32Array(count).fill(-1);
  const nextDone = new Int32Array(count).fill(-1);
  for (let task = 0; task < count; task++) {
    if (lastUse[task] < 0) continue;
    nextDone[task] = doneWith[lastUse[task]];
    doneWith[lastUse[task]] = task;
  }
  const rows: Float64Array[] = [];
  const rowOf = new Int32Array(count).fill(-1);
  const spare: number[] = [];
  return {
    of: (task) => rows[rowOf[task]],
    keep(task, ends) {
      if (lastUse[task] < 0) return;
      rowOf[task] = spare.pop() ?? rows.push(new Float64Array(devices)) - 1;
      rows[rowOf[task]].set(ends);
    },
    release(task) {
      for (let done = doneWith[task]; done >= 0; done = nextDone[done]) spare.push(rowOf[done]);
    },
  };
}
