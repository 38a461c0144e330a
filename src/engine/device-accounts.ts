import type { Picoseconds } from '../base/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import type { DeviceTable, SpanTable } from './trace.ts';

/**
 * Splits the step of every device into computing, exposed communication and waiting. While the compute stream stands idle before a task, time
 * is exposed communication as long as some collective that the task needs is moving bytes, and waiting otherwise (for members that have not
 * joined). The end of the step needs every collective. A collective is needed if it leads to the task through collectives alone: whatever lies
 * behind a computation was over when the stream fell idle.
 */
export function accountDevices(program: Program, spans: SpanTable, step: Picoseconds): DeviceTable {
  const { devices, tasks } = program;
  const computeBusy = new Float64Array(devices);
  const exposedCommunication = new Float64Array(devices);
  const wait = new Float64Array(devices);
  const collectives = program.collectives.map(({ task }) => task);
  for (let device = 0; device < devices; device++) {
    let idleSince = 0;
    const accountIdle = (until: Picoseconds, needed: readonly number[]) => {
      if (until === idleSince) return;
      const exposed = movingTime(spans, devices, device, needed, idleSince, until);
      exposedCommunication[device] += exposed;
      wait[device] += until - idleSince - exposed;
    };
    for (let task = 0; task < tasks.count; task++) {
      if (tasks.kind[task] !== TaskKind.compute) continue;
      const row = task * devices + device;
      if (spans.start[row] > idleSince) accountIdle(spans.start[row], neededCollectives(program, spans, task, device, idleSince));
      computeBusy[device] += spans.end[row] - spans.start[row];
      idleSince = spans.end[row];
    }
    accountIdle(step, collectives);
  }
  return { computeBusy, exposedCommunication, wait };
}

/** Collectives that lead to `task` through collectives alone and end after `since` on this device. */
export function neededCollectives(
  { tasks, devices }: Program,
  spans: SpanTable,
  task: number,
  device: number,
  since: Picoseconds,
): number[] {
  const needed = new Set<number>();
  const visit = (waiting: number) => {
    for (let i = tasks.dependencyOffsets[waiting]; i < tasks.dependencyOffsets[waiting + 1]; i++) {
      const dependency = tasks.dependencies[i];
      const isOver = spans.end[dependency * devices + device] <= since;
      if (tasks.kind[dependency] !== TaskKind.collective || isOver || needed.has(dependency)) continue;
      needed.add(dependency);
      visit(dependency);
    }
  };
  visit(task);
  return [...needed];
}

/** Length of the union of the tasks' running times within [from, to]. */
function movingTime(
  spans: SpanTable,
  devices: number,
  device: number,
  needed: readonly number[],
  from: Picoseconds,
  to: Picoseconds,
): number {
  const intervals = needed
    .map((task) => task * devices + device)
    .filter((row) => spans.end[row] > from && spans.running[row] < to)
    .map((row) => [Math.max(spans.running[row], from), Math.min(spans.end[row], to)])
    .sort((a, b) => a[0] - b[0]);
  let covered = 0;
  let reached = from;
  for (const [start, end] of intervals) {
    if (end > reached) covered += end - Math.max(start, reached);
    reached = Math.max(reached, end);
  }
  return covered;
}
