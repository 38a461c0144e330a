import { assert, type Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type PhaseTransfer, phaseTransfer } from '../network/index.ts';
import { type Program, taskDurations } from '../program/index.ts';
import type { TaskGraph } from './task-graph.ts';

/** What one simulation works on: a program with look-up tables, all shared by the devices. Folded, the one device stands for all. */
export interface Job {
  readonly devices: number;
  readonly graph: TaskGraph;
  readonly collectives: readonly { readonly task: number; readonly plan: number }[];
  readonly plans: readonly PreparedPlan[];
  /** Of computations and transfers. */
  readonly duration: (task: number, device: number) => Picoseconds;
  /** [devices]: before this a device does nothing. */
  readonly start: Float64Array;
  /** Links, or classes of them. */
  readonly linkCount: number;
}

export interface PreparedPlan {
  /** [devices]: group, or -1 for a device that takes no part. */
  readonly groupOf: Int32Array;
  readonly groups: readonly PreparedGroup[];
}

export interface PreparedGroup {
  readonly devices: Uint32Array;
  readonly phases: readonly PhaseTransfer[];
}

/** The job of every device over every link. */
export function prepareJob(program: Program, topology: Topology, graph: TaskGraph): Job {
  const plans = program.plans.map(({ groups }) => ({
    groupOf: groupsOf(groups, program.devices),
    groups: groups.map(({ devices, phases }) => ({ devices, phases: phases.map((phase) => phaseTransfer(phase, topology)) })),
  }));
  return jobOver(program, graph, plans, topology.links.count);
}

/** What does not depend on who stands for the devices, and classes for the links, comes from the program. */
export function jobOver(program: Program, graph: TaskGraph, plans: readonly PreparedPlan[], linkCount: number): Job {
  const { devices, collectives, start } = program;
  return { devices, graph, collectives, plans, duration: taskDurations(program).picoseconds, start, linkCount };
}

/** [devices]: the group of each, -1 for a device that is in none. */
export function groupsOf(groups: readonly { readonly devices: Uint32Array }[], devices: number): Int32Array {
  const groupOf = new Int32Array(devices).fill(-1);
  for (let group = 0; group < groups.length; group++) {
    const { devices: members } = groups[group];
    for (let i = 0; i < members.length; i++) {
      if (groupOf[members[i]] !== -1) assert(false, `device ${members[i]} is in one group of a plan`);
      groupOf[members[i]] = group;
    }
  }
  return groupOf;
}
