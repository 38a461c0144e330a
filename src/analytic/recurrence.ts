import { type Program, TaskKind } from '../program/index.ts';

/** How long tasks take. Device and group are 0 in a program whose devices are all alike. */
export interface Durations {
  readonly computing: (task: number, device: number) => number;
  /** Of one group of the plan of a collective task. */
  readonly moving: (task: number, group: number) => number;
}

/**
 * When the last task of the program ends, if collectives never share a link with one another:
 * end = max(ends of dependencies, end of the computation before) + duration for computations, which keep program order,
 * end = max over the members of a group (ends of dependencies) + duration for collectives, which run beside them.
 * One device stands for all where all are alike.
 */
export function lastEnd(program: Program, durations: Durations): number {
  return recurrence(program, durations, true);
}

/** The same without the one compute stream: the longest path of dependencies alone. */
export function longestPath(program: Program, durations: Durations): number {
  return recurrence(program, durations, false);
}

export function devicesDiffer({ deviceTimes }: Program): boolean {
  return deviceTimes.length > 0;
}

function recurrence(program: Program, { computing, moving }: Durations, inOrder: boolean): number {
  const { tasks } = program;
  const width = devicesDiffer(program) ? program.devices : 1;
  const everyone = [Uint32Array.of(0)];
  const end = new Float64Array(tasks.count * width);
  const streamEnd = new Float64Array(width);
  const ready = new Float64Array(width);
  for (let task = 0; task < tasks.count; task++) {
    const isCompute = tasks.kind[task] === TaskKind.compute;
    if (isCompute && inOrder) ready.set(streamEnd);
    else ready.fill(0);
    for (let i = tasks.dependencyOffsets[task]; i < tasks.dependencyOffsets[task + 1]; i++) {
      const row = tasks.dependencies[i] * width;
      for (let device = 0; device < width; device++) ready[device] = Math.max(ready[device], end[row + device]);
    }
    const ends = end.subarray(task * width, (task + 1) * width);
    if (isCompute) {
      for (let device = 0; device < width; device++) ends[device] = ready[device] + computing(task, device);
      streamEnd.set(ends);
    } else {
      const groups = width === 1 ? everyone : groupsOf(program, task);
      endTogether(ready, ends, groups, (group) => moving(task, group));
    }
  }
  return end.reduce((last, one) => Math.max(last, one), 0);
}

/** A group starts with its last member; a device without part goes on at once. */
function endTogether(ready: Float64Array, ends: Float64Array, groups: readonly Uint32Array[], duration: (group: number) => number): void {
  ends.set(ready);
  for (const [group, members] of groups.entries()) {
    const start = members.reduce((latest, device) => Math.max(latest, ready[device]), 0);
    for (const device of members) ends[device] = start + duration(group);
  }
}

function groupsOf({ tasks, collectives, plans }: Program, task: number): Uint32Array[] {
  return plans[collectives[tasks.collective[task]].plan].groups.map(({ devices }) => devices);
}
