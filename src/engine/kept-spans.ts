import { TaskKind } from '../program/index.ts';
import type { Job } from './job.ts';
import type { CopyTable, RunTable } from './runs.ts';
import type { SpanTable } from './trace.ts';

/**
 * Spans of the devices that are kept, row = task * kept + column. While a simulation runs it writes down computations, and when a device joined a
 * collective; the rest stands in its tables of runs and copies.
 */
export interface KeptSpans {
  /** [devices]: column of a device, or -1. */
  readonly column: Int32Array;
  readonly kept: Uint32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
}

export function createKeptSpans(kept: Uint32Array, devices: number, taskCount: number): KeptSpans {
  const column = new Int32Array(devices).fill(-1);
  for (const [at, device] of kept.entries()) column[device] = at;
  const count = taskCount * kept.length;
  return { column, kept, start: new Float64Array(count).fill(-1), end: new Float64Array(count).fill(-1) };
}

/** Spans of the kept devices; `standIn` is the device that was simulated in the place of all, if one was. */
export function spanTable(
  spans: KeptSpans,
  job: Job,
  runs: RunTable,
  copies: CopyTable,
  devices: Uint32Array,
  standIn: boolean,
): SpanTable {
  const { count: tasks, kind } = job.graph;
  const count = tasks * devices.length;
  const table = {
    count,
    devices,
    task: new Uint32Array(count),
    device: new Uint32Array(count),
    start: new Float64Array(count),
    running: new Float64Array(count),
    end: new Float64Array(count),
  };
  for (let task = 0; task < tasks; task++) {
    for (const [at, device] of devices.entries()) {
      const column = standIn ? 0 : at;
      const row = task * devices.length + at;
      table.task[row] = task;
      table.device[row] = device;
      const { begin, end } = kind[task] === TaskKind.compute ? EMPTY : besideSpan(job, runs, copies, task, spans.kept[column]);
      const from = task * spans.kept.length + column;
      table.start[row] = kind[task] === TaskKind.transfer ? begin : spans.start[from];
      table.running[row] = begin < 0 ? spans.start[from] : begin;
      table.end[row] = kind[task] === TaskKind.compute ? spans.end[from] : end < 0 ? spans.start[from] : end;
    }
  }
  return table;
}

const EMPTY = { begin: -1, end: -1 };

/** When a task beside the stream moved bytes for a device; -1 where the device takes no part. */
function besideSpan({ graph, collectives, plans }: Job, runs: RunTable, copies: CopyTable, task: number, device: number): typeof EMPTY {
  if (graph.kind[task] === TaskKind.transfer) {
    const row = graph.transferRow[task] * copies.devices + device;
    return { begin: copies.begin[row], end: copies.end[row] };
  }
  const c = graph.collective[task];
  const group = plans[collectives[c].plan].groupOf[device];
  return group < 0 ? EMPTY : { begin: runs.begin[runs.first[c] + group], end: runs.end[runs.first[c] + group] };
}
