import type { Picoseconds, Seconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import { addLinkBytes, busiestLinkSeconds, collectiveTime } from './collective-time.ts';
import { lastEnd, longestPath } from './one-device.ts';

/** Closed-form answer for one program on an idle slice: no events, microseconds of work. */
export interface Estimate {
  /** Unrounded. */
  readonly stepSeconds: Seconds;
  /** The same sum over the rounded durations that the engine uses; equal to the engine's step when nothing contends or waits. */
  readonly step: Picoseconds;
  readonly computeSeconds: Seconds;
  /** Time of all collectives on idle wires, hidden or not. */
  readonly communicationSeconds: Seconds;
  readonly exposedCommunicationSeconds: Seconds;
  /** Busiest resource (one device's computing, or one link) or longest path of dependencies, whichever is longer: no schedule is shorter. */
  readonly lowerBoundSeconds: Seconds;
  /** Everything one after the other: no schedule without imbalance is longer. */
  readonly upperBoundSeconds: Seconds;
}

/**
 * The step of one device among equals: what the emulator finds when no two collectives meet on a link and no device is slow. Where they do
 * meet, the truth lies between the bounds.
 */
export function estimate(program: Program, topology: Topology): Estimate {
  const { tasks } = program;
  const times = program.plans.map((plan) => collectiveTime(plan, topology));
  const timeOf = (task: number) => times[program.collectives[tasks.collective[task]].plan];
  const isCompute = (task: number) => tasks.kind[task] === TaskKind.compute;
  const seconds = tasks.seconds.map((computing, task) => (isCompute(task) ? computing : timeOf(task).seconds));
  const picoseconds = tasks.picoseconds.map((computing, task) => (isCompute(task) ? computing : timeOf(task).picoseconds));
  const computeSeconds = sum(seconds.filter((_, task) => isCompute(task)));
  const communicationSeconds = sum(seconds.filter((_, task) => !isCompute(task)));
  const stepSeconds = lastEnd(program, seconds);
  return {
    stepSeconds,
    step: lastEnd(program, picoseconds),
    computeSeconds,
    communicationSeconds,
    exposedCommunicationSeconds: stepSeconds - computeSeconds,
    lowerBoundSeconds: Math.max(longestPath(program, seconds), computeSeconds, linkSeconds(program, topology)),
    upperBoundSeconds: computeSeconds + communicationSeconds,
  };
}

/** The busiest link over the whole step. */
function linkSeconds(program: Program, topology: Topology): Seconds {
  const loads = new Float64Array(topology.links.count);
  for (const { plan } of program.collectives) {
    for (const { phases } of program.plans[plan].groups) addLinkBytes(loads, phases);
  }
  return busiestLinkSeconds(loads, topology);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
