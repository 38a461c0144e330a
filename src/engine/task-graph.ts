import { assert } from '../base/index.ts';
import { type Program, TaskKind } from '../program/index.ts';

/**
 * The program as the engine walks it, shared by all devices. A computation waits for the one before it in the stream, a transfer for the transfer
 * before it, so of all computations that a task waits for only the last counts. Collectives and transfers run beside the stream: "beside" below.
 */
export interface TaskGraph {
  readonly count: number;
  /** A `TaskKind`. */
  readonly kind: Uint8Array;
  /** Row of `Program.collectives`, or -1. */
  readonly collective: Int32Array;
  /** Computations in program order. */
  readonly stream: Uint32Array;
  /** Tasks beside the stream, and [tasks]: their row there, or -1. */
  readonly beside: Uint32Array;
  readonly besideRow: Int32Array;
  /** Transfers in program order, and [tasks]: their row there, or -1. */
  readonly transfers: Uint32Array;
  readonly transferRow: Int32Array;
  /** [tasks]: the last computation that a task beside the stream waits for, or -1. */
  readonly lastCompute: Int32Array;
  /** Tasks beside the stream that a task waits for: a computation only for those that no earlier one has waited for itself. */
  readonly needs: Rows;
  /** Tasks beside the stream that wait for a task. */
  readonly wakes: Rows;
}

/** Compressed rows: row i is values[offsets[i]] .. values[offsets[i + 1] - 1]. */
export interface Rows {
  readonly offsets: Uint32Array;
  readonly values: Uint32Array;
}

export function taskGraph({ tasks }: Program): TaskGraph {
  const { count, kind } = tasks;
  const beside = tasksWhere(kind, (one) => one !== TaskKind.compute);
  const transfers = tasksWhere(kind, (one) => one === TaskKind.transfer);
  const lastCompute = new Int32Array(count).fill(-1);
  const needs = neededRows(tasks, lastCompute);
  return {
    count,
    kind,
    collective: tasks.collective,
    stream: tasksWhere(kind, (one) => one === TaskKind.compute),
    beside,
    besideRow: rowsOf(beside, count),
    transfers,
    transferRow: rowsOf(transfers, count),
    lastCompute,
    needs,
    wakes: wokenRows(count, kind, needs, lastCompute),
  };
}

function tasksWhere(kind: Uint8Array, isWanted: (kind: number) => boolean): Uint32Array {
  const found: number[] = [];
  for (let task = 0; task < kind.length; task++) if (isWanted(kind[task])) found.push(task);
  return Uint32Array.from(found);
}

/** Fills `lastCompute` on the way. What an earlier computation has waited for is over when a later one begins. */
function neededRows({ count, kind, dependencyOffsets, dependencies }: Program['tasks'], lastCompute: Int32Array): Rows {
  const offsets = new Uint32Array(count + 1);
  const values: number[] = [];
  const awaited = new Uint8Array(count);
  let lastTransfer = -1;
  for (let task = 0; task < count; task++) {
    const isCompute = kind[task] === TaskKind.compute;
    for (let i = dependencyOffsets[task]; i < dependencyOffsets[task + 1]; i++) {
      const dependency = dependencies[i];
      if (dependency >= task) assert(false, `task ${task} waits for task ${dependency}, which is not before it`);
      if (kind[dependency] === TaskKind.compute) {
        if (!isCompute) lastCompute[task] = Math.max(lastCompute[task], dependency);
      } else if (!isCompute || awaited[dependency] === 0) {
        values.push(dependency);
        if (isCompute) awaited[dependency] = 1;
      }
    }
    if (kind[task] === TaskKind.transfer) {
      if (lastTransfer >= 0) values.push(lastTransfer);
      lastTransfer = task;
    }
    offsets[task + 1] = values.length;
  }
  return { offsets, values: Uint32Array.from(values) };
}

function wokenRows(count: number, kind: Uint8Array, needs: Rows, lastCompute: Int32Array): Rows {
  const isBeside = (task: number): boolean => kind[task] !== TaskKind.compute;
  const offsets = new Uint32Array(count + 1);
  for (let task = 0; task < count; task++) {
    if (!isBeside(task)) continue;
    if (lastCompute[task] >= 0) offsets[lastCompute[task] + 1]++;
    for (let i = needs.offsets[task]; i < needs.offsets[task + 1]; i++) offsets[needs.values[i] + 1]++;
  }
  for (let task = 0; task < count; task++) offsets[task + 1] += offsets[task];
  const next = offsets.slice();
  const values = new Uint32Array(offsets[count]);
  for (let task = 0; task < count; task++) {
    if (!isBeside(task)) continue;
    if (lastCompute[task] >= 0) values[next[lastCompute[task]]++] = task;
    for (let i = needs.offsets[task]; i < needs.offsets[task + 1]; i++) values[next[needs.values[i]]++] = task;
  }
  return { offsets, values };
}

function rowsOf(tasks: Uint32Array, count: number): Int32Array {
  const rows = new Int32Array(count).fill(-1);
  for (let row = 0; row < tasks.length; row++) rows[tasks[row]] = row;
  return rows;
}
