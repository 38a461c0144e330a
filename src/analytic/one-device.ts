import { type Program, TaskKind } from '../program/index.ts';

/**
 * When each task of the program ends on one device, if all devices are alike and collectives never share a link:
 * end = max(ends of dependencies, end of the computation before) + duration for computations, which keep program order,
 * end = max(ends of dependencies) + duration for collectives, which run beside them.
 */
export function lastEnd(program: Program, duration: ArrayLike<number>): number {
  return recurrence(program, duration, true);
}

/** The same without the one compute stream: the longest path of dependencies alone. */
export function longestPath(program: Program, duration: ArrayLike<number>): number {
  return recurrence(program, duration, false);
}

function recurrence({ tasks }: Program, duration: ArrayLike<number>, inOrder: boolean): number {
  const end = new Float64Array(tasks.count);
  let streamEnd = 0;
  let last = 0;
  for (let task = 0; task < tasks.count; task++) {
    const isCompute = tasks.kind[task] === TaskKind.compute;
    let ready = isCompute && inOrder ? streamEnd : 0;
    for (let i = tasks.dependencyOffsets[task]; i < tasks.dependencyOffsets[task + 1]; i++) {
      ready = Math.max(ready, end[tasks.dependencies[i]]);
    }
    end[task] = ready + duration[task];
    if (isCompute) streamEnd = end[task];
    last = Math.max(last, end[task]);
  }
  return last;
}
