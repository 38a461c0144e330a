import type { CollectiveKind, GroupPlan } from '../collectives/index.ts';
import type { Jitter } from './jitter.ts';

/** Stages of a training step, after Calculon: forward, its repetition under rematerialisation, gradients of activations and of weights, optimizer. */
export const STAGES = ['fw', 'recompute', 'agrad', 'wgrad', 'optim'] as const;
export type Stage = (typeof STAGES)[number];

/** `compute`: on the device's one compute stream; `collective`: over the links, with the other members; `transfer`: between device and host, on the device's one DMA stream. */
export const TaskKind = { compute: 0, collective: 1, transfer: 2 } as const;

/**
 * One training step of every device: an SPMD program, written once and shared by all devices, never copied per device. A device passes over a task of
 * a set that it is not in: it neither runs it nor waits for what it waits for, and what depends on such a task does not wait for it there.
 * The engine and the closed form read `devices`, `deviceSets`, `collectives`, `plans`, `deviceTimes`, `slowdown`, `start`, `jitter`, and of `tasks` the
 * count, kind, sets, durations, rows and dependencies; labels, work and buffers are for people and for memory, and may be empty in a program made by hand.
 */
export interface Program {
  readonly devices: number;
  /** [devices] each: 1 takes part, 0 does not. Tasks and buffers of some devices refer to them by index, e.g. those of one stage of a pipeline. */
  readonly deviceSets: readonly Uint8Array[];
  readonly tasks: TaskTable;
  readonly collectives: readonly CollectiveTask[];
  /** Distinct routings of bytes over links; collective tasks refer to them by index. */
  readonly plans: readonly CollectivePlan[];
  readonly buffers: BufferTable;
  /** Names by index (tasks and buffers). */
  readonly names: readonly string[];
  /** Computations and transfers that take some devices longer than others, because more was routed to them; `TaskTable.deviceRow` says which. */
  readonly deviceTimes: readonly DeviceTimes[];
  /** [devices]: how much longer a computation takes there than the program says; 1 is nominal. */
  readonly slowdown: Float64Array;
  /** [devices]: when a device begins its step, whole picoseconds; 0 is nominal. */
  readonly start: Float64Array;
  /** Null: durations are what the program says. */
  readonly jitter: Jitter | null;
  /** FLOPs of the model's own matrix products over all devices, without padding and recomputation (MFU), and as executed (HFU). */
  readonly modelFlops: number;
  readonly executedFlops: number;
}

/** [devices]: unrounded and rounded duration of one task. */
export interface DeviceTimes {
  readonly seconds: Float64Array;
  readonly picoseconds: Float64Array;
}

/** Tasks in program order, structure of arrays. Work is per device: the mean over devices where it differs. */
export interface TaskTable {
  readonly count: number;
  readonly kind: Uint8Array;
  /** Row of `Program.names`. */
  readonly name: Uint32Array;
  /** Row of `STAGES`. */
  readonly stage: Uint8Array;
  /** Row of `Program.names`: what the task is part of (attention, dense ffn, router, dispatch, experts, ...). */
  readonly part: Uint32Array;
  readonly mxuFlops: Float64Array;
  readonly vectorOps: Float64Array;
  readonly hbmBytes: Float64Array;
  /** Unrounded and rounded duration of a computation or transfer, the longest where devices differ; 0 for a collective. */
  readonly seconds: Float64Array;
  readonly picoseconds: Float64Array;
  /** Row of `Program.deviceTimes`, or -1 where every device takes as long. */
  readonly deviceRow: Int32Array;
  /** Row of `Program.deviceSets`: the devices that run it, or -1 for all. */
  readonly deviceSet: Int32Array;
  /** Row of `Program.collectives`, or -1. */
  readonly collective: Int32Array;
  /** Compressed rows: task i waits for dependencies[offsets[i]] .. dependencies[offsets[i + 1] - 1], all of them earlier tasks. */
  readonly dependencyOffsets: Uint32Array;
  readonly dependencies: Uint32Array;
}

/** One collective of the step; every device of its task takes part once, and no other. */
export interface CollectiveTask {
  readonly task: number;
  readonly kind: CollectiveKind;
  readonly meshAxis: string;
  /** Row of `Program.plans`. */
  readonly plan: number;
}

/** How a collective runs over the links: one entry per group of devices along its mesh axis; all groups run at once. */
export interface CollectivePlan {
  readonly kind: CollectiveKind;
  readonly groups: readonly GroupPlan[];
  /** Bytes that one device sends, on average over devices. */
  readonly sentBytesPerDevice: number;
}

/** Live ranges of device memory: buffer i lives from the start of `allocatedAt[i]` to the end of `freedAt[i]`; -1 means the start and the end of the step. */
export interface BufferTable {
  readonly count: number;
  readonly name: Uint32Array;
  readonly bytes: Float64Array;
  readonly allocatedAt: Int32Array;
  readonly freedAt: Int32Array;
  /** Row of `Program.deviceSets`: the devices that hold it, all of which run the tasks of its range; or -1 for all. */
  readonly deviceSet: Int32Array;
}
