import type { Picoseconds, Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import { addLinkBytes, busiestLinkSeconds, collectiveTime } from './collective-time.ts';
import { type Durations, devicesDiffer, lastEnd, longestPath } from './recurrence.ts';

/** Closed-form answer for one program on an idle slice: no events, microseconds of work. */
export interface Estimate {
  /** Unrounded. */
  readonly stepSeconds: Seconds;
  /** The same sum over the rounded durations that the engine uses; equal to the engine's step when nothing contends and no device is slow. */
  readonly step: Picoseconds;
  /** Mean over the devices. */
  readonly computeSeconds: Seconds;
  /** Of the device that computes longest. */
  readonly busiestComputeSeconds: Seconds;
  /** Time of all collectives on idle wires, hidden or not. */
  readonly communicationSeconds: Seconds;
  /** The rest of the step; where devices differ, what they wait for one another is in it. */
  readonly exposedCommunicationSeconds: Seconds;
  /** Busiest resource (one device's computing, or one link) or longest path of dependencies, whichever is longer: no schedule is shorter. */
  readonly lowerBoundSeconds: Seconds;
  /** Everything one after the other, each computation as long as on its slowest device: no schedule is longer, slow devices apart. */
  readonly upperBoundSeconds: Seconds;
}

/**
 * The step as the emulator finds it when no two collectives meet on a link and no device is slow: of one device among equals, or, where their
 * computations differ, of all devices, whose collectives start with the slowest member. Where collectives meet, the truth lies between the bounds.
 */
export function estimate(program: Program, topology: Topology): Estimate {
  const { tasks, plans, collectives } = program;
  const planOf = (task: number): number => collectives[tasks.collective[task]].plan;
  const together = plans.map(({ groups }) => collectiveTime(groups, topology));
  const seconds = { computing: computingSeconds(program), moving: (task: number) => together[planOf(task)].seconds };
  const picoseconds = { computing: computingPicoseconds(program), moving: (task: number) => together[planOf(task)].picoseconds };
  // A group whose members are early may have the wires to itself.
  const alone = devicesDiffer(program) ? plans.map(({ groups }) => groups.map((group) => collectiveTime([group], topology).seconds)) : null;
  const atBest = { ...seconds, moving: (task: number, group: number) => alone?.[planOf(task)][group] ?? seconds.moving(task) };
  const busy = computedSeconds(program);
  const computeSeconds = busy.reduce((sum, one) => sum + one, 0) / busy.length;
  const busiestComputeSeconds = busy.reduce((most, one) => Math.max(most, one), 0);
  const communicationSeconds = collectives.reduce((total, { plan }) => total + together[plan].seconds, 0);
  const stepSeconds = lastEnd(program, seconds);
  return {
    stepSeconds,
    step: lastEnd(program, picoseconds),
    computeSeconds,
    busiestComputeSeconds,
    communicationSeconds,
    exposedCommunicationSeconds: stepSeconds - computeSeconds,
    lowerBoundSeconds: Math.max(longestPath(program, atBest), busiestComputeSeconds, linkSeconds(program, topology)),
    upperBoundSeconds: tasks.seconds.reduce((total, longest) => total + longest, 0) + communicationSeconds,
  };
}

function computingSeconds({ tasks, deviceTimes }: Program): Durations['computing'] {
  return (task, device) => (tasks.deviceRow[task] < 0 ? tasks.seconds[task] : deviceTimes[tasks.deviceRow[task]].seconds[device]);
}

function computingPicoseconds({ tasks, deviceTimes }: Program): Durations['computing'] {
  return (task, device) => (tasks.deviceRow[task] < 0 ? tasks.picoseconds[task] : deviceTimes[tasks.deviceRow[task]].picoseconds[device]);
}

/** [devices], or one for all that are alike: all computations. */
function computedSeconds(program: Program): Float64Array {
  const computing = computingSeconds(program);
  const busy = new Float64Array(devicesDiffer(program) ? program.devices : 1);
  for (let task = 0; task < program.tasks.count; task++) {
    if (program.tasks.kind[task] !== TaskKind.compute) continue;
    for (let device = 0; device < busy.length; device++) busy[device] += computing(task, device);
  }
  return busy;
}

/** The busiest link over the whole step. */
function linkSeconds(program: Program, topology: Topology): Seconds {
  const loads = new Float64Array(topology.links.count);
  for (const { plan } of program.collectives) {
    for (const { phases } of program.plans[plan].groups) addLinkBytes(loads, phases);
  }
  return busiestLinkSeconds(loads, topology);
}
