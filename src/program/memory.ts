import type { Bytes } from '../base/index.ts';
import type { Program } from './program.ts';

/** Device memory over the step, from the live ranges of the program's buffers. */
export interface LiveMemory {
  readonly peakBytes: Bytes;
  /** Task during which the peak is first reached. */
  readonly peakTask: number;
  /** [tasks]: bytes alive while task i runs. */
  readonly bytesDuringTask: Float64Array;
  /** What is alive at the peak, summed by name, largest first. */
  readonly atPeak: readonly { readonly name: string; readonly bytes: Bytes }[];
}

export function liveMemory({ buffers, tasks, names }: Program): LiveMemory {
  const change = new Float64Array(tasks.count + 1);
  for (let row = 0; row < buffers.count; row++) {
    change[Math.max(0, buffers.allocatedAt[row])] += buffers.bytes[row];
    change[livesToTheEnd(buffers.freedAt[row]) ? tasks.count : buffers.freedAt[row] + 1] -= buffers.bytes[row];
  }
  const bytesDuringTask = new Float64Array(tasks.count);
  let live = 0;
  let peakTask = 0;
  for (let task = 0; task < tasks.count; task++) {
    live += change[task];
    bytesDuringTask[task] = live;
    if (live > bytesDuringTask[peakTask]) peakTask = task;
  }
  const byName = new Map<string, number>();
  for (let row = 0; row < buffers.count; row++) {
    const alive = buffers.allocatedAt[row] <= peakTask && (livesToTheEnd(buffers.freedAt[row]) || buffers.freedAt[row] >= peakTask);
    if (alive) byName.set(names[buffers.name[row]], (byName.get(names[buffers.name[row]]) ?? 0) + buffers.bytes[row]);
  }
  return {
    peakBytes: bytesDuringTask[peakTask],
    peakTask,
    bytesDuringTask,
    atPeak: [...byName].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
  };
}

function livesToTheEnd(freedAt: number): boolean {
  return freedAt === -1;
}
