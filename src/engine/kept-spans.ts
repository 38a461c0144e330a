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
  const tasks = job.graph.count;
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
  if (count === 0) return table;
  const columns = standIn ? 1 : devices.length;
  for (let task = 0; task < tasks; task++) {
    const first = task * devices.length;
    for (let at = 0; at < columns; at++)
      fillRow(table, first + at, spans, task * columns + at, momentsOf(job, runs, copies, task, spans.kept[at]));
    table.task.fill(task, first, first + devices.length);
    table.device.set(devices, first);
    if (!standIn) continue;
    for (const column of [table.start, table.running, table.end]) column.fill(column[first], first, first + devices.length);
  }
  return table;
}

function fillRow(
  table: Pick<SpanTable, 'start' | 'running' | 'end'>,
  row: number,
  { start, end }: KeptSpans,
  from: number,
  moments: Moments,
): void {
  table.start[row] = start[from] < 0 ? moments.begin : start[from];
  table.running[row] = moments.begin < 0 ? start[from] : moments.begin;
  table.end[row] = moments.end >= 0 ? moments.end : Math.max(start[from], end[from]);
}

interface Moments {
  readonly begin: number;
  readonly end: number;
}

const NONE: Moments = { begin: -1, end: -1 };

/** When a task beside the stream moved bytes for a device; -1 for a computation, and where the device takes no part. */
function momentsOf({ graph, collectives, plans }: Job, runs: RunTable, copies: CopyTable, task: number, device: number): Moments {
  if (graph.kind[task] === TaskKind.compute) return NONE;
  if (graph.kind[task] === TaskKind.transfer) {
    const row = graph.transferRow[task] * copies.devices + device;
    return { begin: copies.begin[row], end: copies.end[row] };
  }
  const c = graph.collective[task];
  const group = plans[collectives[c].plan].groupOf[device];
  return group < 0 ? NONE : { begin: runs.begin[runs.first[c] + group], end: runs.end[runs.first[c] + group] };
}
