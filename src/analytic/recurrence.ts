import { type Program, TaskKind } from '../program/index.ts';

/** How long tasks take. Device and group are 0 in a program whose devices are all alike. */
export interface Durations {
  /** Devices that are followed: all, or one in the place of all. */
  readonly width: number;
  /** Of computations and of transfers to and from the host. */
  readonly working: (task: number, device: number) => number;
  /** Of one group of the plan of a collective task. */
  readonly moving: (task: number, group: number) => number;
  /** When a device begins. */
  readonly start: (device: number) => number;
}

/**
 * When the last task of the program ends, if collectives never share a link with one another:
 * end = max(start, ends of dependencies, end of the computation before) + duration for computations, which keep program order,
 * the same for transfers, which keep an order of their own,
 * end = max over the members of a group (start, ends of dependencies) + duration for collectives, which run beside them.
 * One device stands for all where all are alike.
 */
export function lastEnd(program: Program, durations: Durations): number {
  return recurrence(program, durations, true);
}

/** The same without the two streams: the longest path of dependencies alone. */
export function longestPath(program: Program, durations: Durations): number {
  return recurrence(program, durations, false);
}

function recurrence(program: Program, { width, working, moving, start }: Durations, inOrder: boolean): number {
  const { tasks } = program;
  const everyone = [Uint32Array.of(0)];
  const starts = Float64Array.from({ length: width }, (_, device) => start(device));
  const streamEnds = [new Float64Array(width), new Float64Array(width)];
  const lastReader = lastReaders(program);
  const rows: (Float64Array | null)[] = [];
  let last = 0;
  for (let task = 0; task < tasks.count; task++) {
    const kind = tasks.kind[task];
    const ends = starts.slice();
    if (inOrder && kind !== TaskKind.collective) makeLater(ends, streamEnds[kind === TaskKind.compute ? 0 : 1]);
    for (let i = tasks.dependencyOffsets[task]; i < tasks.dependencyOffsets[task + 1]; i++) {
      const dependency = tasks.dependencies[i];
      makeLater(ends, rows[dependency] ?? starts);
      if (lastReader[dependency] === task) rows[dependency] = null;
    }
    if (kind === TaskKind.collective) {
      endTogether(ends, width === 1 ? everyone : groupsOf(program, task), (group) => moving(task, group));
    } else {
      for (let device = 0; device < width; device++) ends[device] += working(task, device);
      streamEnds[kind === TaskKind.compute ? 0 : 1].set(ends);
    }
    rows.push(lastReader[task] > task ? ends : null);
    last = ends.reduce((most, end) => Math.max(most, end), last);
  }
  return last;
}

/** [tasks]: the last task that waits for it, after which its row of ends is let go; -1 without one. */
function lastReaders({ tasks }: Program): Int32Array {
  const last = new Int32Array(tasks.count).fill(-1);
  for (let task = 0; task < tasks.count; task++) {
    for (let i = tasks.dependencyOffsets[task]; i < tasks.dependencyOffsets[task + 1]; i++) last[tasks.dependencies[i]] = task;
  }
  return last;
}

function makeLater(ends: Float64Array, others: Float64Array): void {
  for (let device = 0; device < ends.length; device++) ends[device] = Math.max(ends[device], others[device]);
}

/** A group starts with its last member; a device without part goes on at once. */
function endTogether(ends: Float64Array, groups: readonly Uint32Array[], duration: (group: number) => number): void {
  for (const [group, members] of groups.entries()) {
    const start = members.reduce((latest, device) => Math.max(latest, ends[device]), 0);
    for (const device of members) ends[device] = start + duration(group);
  }
}

function groupsOf({ tasks, collectives, plans }: Program, task: number): Uint32Array[] {
  return plans[collectives[tasks.collective[task]].plan].groups.map(({ devices }) => devices);
}
