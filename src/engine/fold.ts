import type { Topology } from '../hardware/index.ts';
import type { PhaseTransfer } from '../network/index.ts';
import type { CollectivePlan, Program } from '../program/index.ts';
import { groupsOf, type Job, jobOver, type PreparedPlan } from './job.ts';
import { type EvenPlan, evenPlan, foldPhase, type LinkClasses, linkClasses } from './link-classes.ts';
import type { TaskGraph } from './task-graph.ts';

/** A job of one device over classes of links, and the class of every link; -1 where a link is never used. */
export interface Folded {
  readonly job: Job;
  readonly classOf: Int32Array;
}

/**
 * One device in the place of all, or null where that is not exact. It is exact if all devices take part in all collectives and none differs in
 * speed, durations or start: then all groups of a collective begin and end every phase together. What a group sees of the others are its links.
 * If the links of every group of a phase are of the same classes (`link-classes.ts`), rates that are equal for all groups of a phase satisfy the
 * conditions of max-min fairness everywhere if they do so on one link of each class; and there is only one solution. So one group of each plan is
 * simulated, over classes in the place of links; a class that several groups of the phase cross is listed once for each of them.
 * (Classes are an equitable partition of links and phases, the fixed point of colour refinement; Grohe, Kersting, Mladenov and Selman,
 * "Dimension reduction via colour refinement", ESA 2014, theorem 1.)
 */
export function fold(program: Program, topology: Topology, graph: TaskGraph): Folded | null {
  if (!devicesAreEqual(program)) return null;
  const used = [...new Set(program.collectives.map(({ plan }) => plan))];
  const plans: EvenPlan[] = [];
  for (const plan of used) {
    const { groups } = program.plans[plan];
    const even = coversAll(groups, program.devices) ? evenPlan(groups, topology) : null;
    if (even === null) return null;
    plans.push(even);
  }
  const classes = linkClasses(plans, topology);
  const folded: PreparedPlan[] = program.plans.map(() => ({ groupOf: Int32Array.of(0), groups: [] }));
  for (const [i, plan] of plans.entries()) {
    const phases = foldPhases(plan, classes, topology);
    if (phases === null) return null;
    folded[used[i]] = { groupOf: Int32Array.of(0), groups: [{ devices: Uint32Array.of(0), phases }] };
  }
  const job = jobOver(program, graph, folded, classes.count);
  return { job: { ...job, devices: 1, start: job.start.subarray(0, 1) }, classOf: classes.classOf };
}

function devicesAreEqual({ devices, slowdown, start, jitter, tasks, deviceTimes }: Program): boolean {
  if (devices === 0 || (jitter !== null && jitter.share > 0)) return false;
  const rows = [...new Set(tasks.deviceRow)].filter((row) => row >= 0);
  return [slowdown, start, ...rows.map((row) => deviceTimes[row].picoseconds)].every(isConstant);
}

function isConstant(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

function coversAll(groups: CollectivePlan['groups'], devices: number): boolean {
  return !groupsOf(groups, devices).includes(-1);
}

function foldPhases(plan: EvenPlan, classes: LinkClasses, topology: Topology): PhaseTransfer[] | null {
  const folded: PhaseTransfer[] = [];
  for (let phase = 0; phase < plan.times.length; phase++) {
    const transfer = foldPhase(plan, phase, classes, topology);
    if (transfer === null) return null;
    folded.push(transfer);
  }
  return folded;
}
