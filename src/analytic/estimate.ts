import { type Picoseconds, type Seconds, toSeconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, type TaskDurations, TaskKind, taskDurations } from '../program/index.ts';
import { addLinkBytes, busiestLinkSeconds, type PlanTimes, planTimes } from './collective-time.ts';
import { lastEnd, longestPath } from './recurrence.ts';

/** Closed-form answer for one program on an idle slice: no events, microseconds of work. */
export interface Estimate {
  /** Unrounded. */
  readonly stepSeconds: Seconds;
  /** The same sum over the rounded durations that the engine uses; equal to the engine's step when nothing contends. */
  readonly step: Picoseconds;
  /** Mean over the devices. */
  readonly computeSeconds: Seconds;
  /** Of the device that computes longest. */
  readonly busiestComputeSeconds: Seconds;
  /** Time of all collectives on idle wires, hidden or not. */
  readonly communicationSeconds: Seconds;
  /** The rest of the step; where devices differ, what they wait for one another, for their start and for their host is in it. */
  readonly exposedCommunicationSeconds: Seconds;
  /** Busiest resource (one device's computing, or one link) or longest path of dependencies, whichever is longer: no schedule is shorter. */
  readonly lowerBoundSeconds: Seconds;
  /** The latest start, then everything one after the other, each task as long as the slowest device may take: no schedule is longer. */
  readonly upperBoundSeconds: Seconds;
}

/**
 * The step as the emulator finds it when no two groups meet on a link: of one device among equals, or, where devices or groups differ, of all devices,
 * whose collectives start with the slowest member. Where groups meet, the truth lies between the bounds.
 */
export function estimate(program: Program, topology: Topology): Estimate {
  const { tasks, plans, collectives, start, jitter, slowdown } = program;
  const planOf = (task: number): number => collectives[tasks.collective[task]].plan;
  const times = plans.map(({ groups }) => planTimes(groups, topology));
  const width = allAlike(program, times) ? 1 : program.devices;
  const own = taskDurations(program);
  const begin = { width, start: (device: number) => start[device] };
  const picoseconds = {
    ...begin,
    working: own.picoseconds,
    moving: (task: number, group: number) => times[planOf(task)].groups[group].picoseconds,
  };
  const inSeconds = { width, start: (device: number) => toSeconds(start[device]), working: own.seconds };
  const seconds = { ...inSeconds, moving: (task: number, group: number) => times[planOf(task)].groups[group].seconds };
  // A group whose members are early may have the wires to itself.
  const atBest = { ...inSeconds, moving: (task: number, group: number) => times[planOf(task)].alone[group].seconds };
  const busy = computedSeconds(program, own.seconds, width);
  const computeSeconds = busy.reduce((sum, one) => sum + one, 0) / busy.length;
  const busiestComputeSeconds = busy.reduce((most, one) => Math.max(most, one), 0);
  const communicationSeconds = collectives.reduce((total, { plan }) => total + times[plan].together.seconds, 0);
  const stepSeconds = lastEnd(program, seconds);
  const slowest = largest(slowdown) * (1 + (jitter?.share ?? 0));
  return {
    stepSeconds,
    step: lastEnd(program, picoseconds),
    computeSeconds,
    busiestComputeSeconds,
    communicationSeconds,
    exposedCommunicationSeconds: Math.max(0, stepSeconds - computeSeconds),
    lowerBoundSeconds: Math.max(longestPath(program, atBest), busiestComputeSeconds, linkSeconds(program, topology)),
    upperBoundSeconds:
      toSeconds(largest(start)) + slowest * tasks.seconds.reduce((total, longest) => total + longest, 0) + communicationSeconds,
  };
}

/** Nothing differs between devices, all run everything, and the groups of every collective take all of them and equally long. */
function allAlike(
  { devices, deviceSets, deviceTimes, slowdown, start, jitter, collectives, plans }: Program,
  times: readonly PlanTimes[],
): boolean {
  const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0]);
  if (
    deviceSets.length > 0 ||
    deviceTimes.length > 0 ||
    (jitter !== null && jitter.share > 0) ||
    !isConstant(slowdown) ||
    !isConstant(start)
  )
    return false;
  return [...new Set(collectives.map(({ plan }) => plan))].every((plan) => {
    const members = plans[plan].groups.reduce((sum, group) => sum + group.devices.length, 0);
    return members === devices && times[plan].groups.every(({ picoseconds }) => picoseconds === times[plan].groups[0].picoseconds);
  });
}

/** [width]: all computations. */
function computedSeconds({ tasks, deviceSets }: Program, seconds: TaskDurations['seconds'], width: number): Float64Array {
  const busy = new Float64Array(width);
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.kind[task] !== TaskKind.compute) continue;
    const set = tasks.deviceSet[task] < 0 ? null : deviceSets[tasks.deviceSet[task]];
    for (let device = 0; device < width; device++) if (set === null || set[device] === 1) busy[device] += seconds(task, device);
  }
  return busy;
}

function largest(values: Float64Array): number {
  return values.reduce((most, one) => Math.max(most, one), 0);
}

/** The busiest link over the whole step. */
function linkSeconds(program: Program, topology: Topology): Seconds {
  const loads = new Float64Array(topology.links.count);
  for (const { plan } of program.collectives) {
    for (const { phases } of program.plans[plan].groups) addLinkBytes(loads, phases);
  }
  return busiestLinkSeconds(loads, topology);
}
