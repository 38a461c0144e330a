import { assert, type Bytes, type BytesPerSecond, type Seconds, toPicoseconds } from '../base/index.ts';
import { type Core, matmulFlops, type Work, workSeconds } from '../hardware/index.ts';
import { type BufferTable, type CollectiveTask, type DeviceTimes, STAGES, type Stage, TaskKind, type TaskTable } from './program.ts';

/** What a task is called and belongs to. */
export interface Label {
  readonly name: string;
  readonly part: string;
  readonly stage: Stage;
  /** Row of `Program.deviceSets`; all devices when absent. */
  readonly deviceSet?: number;
}

/** Collects tasks and buffers in program order, then freezes them into typed arrays. The one place where a duration is made and rounded. */
export interface ProgramBuilder {
  /**
   * Appends a computation to the in-order stream; `after` names collectives (or earlier tasks) that it waits for beside the stream's order.
   * `works` has one entry, or one per device.
   */
  compute(label: Label, works: readonly Work[], after: readonly number[]): number;
  /** The same for operations that follow one another without a pause. */
  computeRun(label: Label, run: readonly (readonly Work[])[], after: readonly number[]): number;
  collective(label: Label, collective: Omit<CollectiveTask, 'task'>, after: readonly number[]): number;
  /** Appends a copy of `bytes` between device and host to the device's in-order DMA stream, beside its computations. */
  hostTransfer(label: Label, bytes: Bytes, after: readonly number[]): number;
  /** `deviceSet`: row of `Program.deviceSets`; all devices when absent. */
  buffer(name: string, bytes: number, allocatedAt: number, freedAt: number, deviceSet?: number): void;
  readonly taskCount: number;
  /** The nearest task before (-1) or behind (1) one that the same devices run; -1 or the number of tasks where there is none. */
  neighbour(task: number, deviceSet: number, way: -1 | 1): number;
  finish(): { tasks: TaskTable; deviceTimes: DeviceTimes[]; collectives: CollectiveTask[]; buffers: BufferTable; names: string[] };
}

interface TaskRow {
  kind: number;
  name: number;
  stage: number;
  part: number;
  deviceSet: number;
  mxuFlops: number;
  vectorOps: number;
  hbmBytes: number;
  seconds: number;
  deviceRow: number;
  collective: number;
  after: readonly number[];
}

interface BufferRow {
  name: number;
  bytes: number;
  allocatedAt: number;
  freedAt: number;
  deviceSet: number;
}

function neighbourOf(rows: readonly TaskRow[], task: number, deviceSet: number, way: -1 | 1): number {
  let next = task + way;
  while (next >= 0 && next < rows.length && rows[next].deviceSet !== deviceSet) next += way;
  return next;
}

/** `hostBytesPerSecond`: what one device has of its chip's wire to the host. */
export function createBuilder(core: Core, hostBytesPerSecond: BytesPerSecond): ProgramBuilder {
  const rows: TaskRow[] = [];
  const deviceTimes: DeviceTimes[] = [];
  const buffers: BufferRow[] = [];
  const collectives: CollectiveTask[] = [];
  const names: string[] = [];
  const nameRows = new Map<string, number>();

  const intern = (name: string): number => {
    const known = nameRows.get(name);
    if (known !== undefined) return known;
    nameRows.set(name, names.length);
    return names.push(name) - 1;
  };
  const labelled = (label: Label) => ({
    name: intern(label.name),
    part: intern(label.part),
    stage: STAGES.indexOf(label.stage),
    deviceSet: label.deviceSet ?? -1,
  });
  const append = (row: TaskRow): number => {
    for (const dependency of row.after) assert(dependency < rows.length, `task ${rows.length} waits for a later task`);
    return rows.push(row) - 1;
  };

  const costOfWorks = createCosts(core);
  const deviceRows = new Map<Float64Array, number>();
  const deviceRowOf = (seconds: Float64Array): number => {
    if (seconds.every((one) => one === seconds[0])) return -1;
    const row = deviceRows.get(seconds) ?? deviceTimes.push({ seconds, picoseconds: seconds.map(toPicoseconds) }) - 1;
    deviceRows.set(seconds, row);
    return row;
  };
  const appendComputation = (label: Label, { seconds, ...work }: Cost, after: readonly number[]): number =>
    append({
      ...labelled(label),
      ...work,
      kind: TaskKind.compute,
      seconds: seconds.reduce((most, one) => Math.max(most, one), 0),
      deviceRow: deviceRowOf(seconds),
      collective: -1,
      after,
    });

  return {
    get taskCount() {
      return rows.length;
    },
    compute: (label, works, after) => appendComputation(label, costOfWorks(works), after),
    computeRun: (label, run, after) =>
      appendComputation(label, run.length === 1 ? costOfWorks(run[0]) : sumOf(run.map(costOfWorks)), after),
    collective(label, collective, after) {
      const row = collectives.push({ ...collective, task: rows.length }) - 1;
      return append({ ...labelled(label), ...IDLE, kind: TaskKind.collective, collective: row, after });
    },
    hostTransfer(label, bytes, after) {
      return append({ ...labelled(label), ...IDLE, kind: TaskKind.transfer, seconds: bytes / hostBytesPerSecond, after });
    },
    buffer(name, bytes, allocatedAt, freedAt, deviceSet = -1) {
      if (bytes > 0) buffers.push({ name: intern(name), bytes, allocatedAt, freedAt, deviceSet });
    },
    neighbour: (task, deviceSet, way) => neighbourOf(rows, task, deviceSet, way),
    finish() {
      return { tasks: taskTable(rows), deviceTimes, collectives, buffers: bufferTable(buffers), names };
    },
  };
}

/** A task that computes nothing and belongs to no collective. */
const IDLE = { mxuFlops: 0, vectorOps: 0, hbmBytes: 0, seconds: 0, deviceRow: -1, collective: -1 } as const;

interface Cost {
  readonly mxuFlops: number;
  readonly vectorOps: number;
  readonly hbmBytes: number;
  /** One entry where all devices take as long, else [devices]. */
  readonly seconds: Float64Array;
}

/** Units of one kind share their steps, so the same work comes many times. */
function createCosts(core: Core): (works: readonly Work[]) => Cost {
  const costs = new Map<readonly Work[], Cost>();
  return (works) => {
    const cost = costs.get(works) ?? costOf(core, works);
    costs.set(works, cost);
    return cost;
  };
}

/** Means over the devices, and how long each takes. */
function costOf(core: Core, works: readonly Work[]): Cost {
  const mean = (of: (work: Work) => number): number => works.reduce((sum, work) => sum + of(work), 0) / works.length;
  return {
    mxuFlops: mean(({ matmuls }) => matmuls.reduce((sum, matmul) => sum + matmulFlops(matmul), 0)),
    vectorOps: mean(({ vectorOps }) => vectorOps),
    hbmBytes: mean(({ hbmBytes }) => hbmBytes),
    seconds: Float64Array.from(works, (work): Seconds => workSeconds(core, work)),
  };
}

function sumOf(costs: readonly Cost[]): Cost {
  const sum = (of: (cost: Cost) => number): number => costs.reduce((total, cost) => total + of(cost), 0);
  const devices = costs.reduce((most, { seconds }) => Math.max(most, seconds.length), 0);
  return {
    mxuFlops: sum(({ mxuFlops }) => mxuFlops),
    vectorOps: sum(({ vectorOps }) => vectorOps),
    hbmBytes: sum(({ hbmBytes }) => hbmBytes),
    seconds: Float64Array.from({ length: devices }, (_, device) => sum(({ seconds }) => seconds[seconds.length === 1 ? 0 : device])),
  };
}

function taskTable(rows: readonly TaskRow[]): TaskTable {
  const offsets = new Uint32Array(rows.length + 1);
  for (const [index, row] of rows.entries()) offsets[index + 1] = offsets[index] + row.after.length;
  return {
    count: rows.length,
    kind: Uint8Array.from(rows, (row) => row.kind),
    name: Uint32Array.from(rows, (row) => row.name),
    stage: Uint8Array.from(rows, (row) => row.stage),
    part: Uint32Array.from(rows, (row) => row.part),
    mxuFlops: Float64Array.from(rows, (row) => row.mxuFlops),
    vectorOps: Float64Array.from(rows, (row) => row.vectorOps),
    hbmBytes: Float64Array.from(rows, (row) => row.hbmBytes),
    seconds: Float64Array.from(rows, (row) => row.seconds),
    picoseconds: Float64Array.from(rows, (row) => toPicoseconds(row.seconds)),
    deviceRow: Int32Array.from(rows, (row) => row.deviceRow),
    deviceSet: Int32Array.from(rows, (row) => row.deviceSet),
    collective: Int32Array.from(rows, (row) => row.collective),
    dependencyOffsets: offsets,
    dependencies: Uint32Array.from(rows.flatMap((row) => row.after)),
  };
}

function bufferTable(rows: readonly BufferRow[]): BufferTable {
  return {
    count: rows.length,
    name: Uint32Array.from(rows, (row) => row.name),
    bytes: Float64Array.from(rows, (row) => row.bytes),
    allocatedAt: Int32Array.from(rows, (row) => row.allocatedAt),
    freedAt: Int32Array.from(rows, (row) => row.freedAt),
    deviceSet: Int32Array.from(rows, (row) => row.deviceSet),
  };
}
