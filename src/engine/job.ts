import { assert, type Picoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type PhaseTransfer, phaseTransfer } from '../network/index.ts';
import { type Program, taskDurations } from '../program/index.ts';
import { type TaskGraph, taskGraph } from './task-graph.ts';

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

export function prepareJob(program: Program, topology: Topology): Job {
  const { devices, collectives, plans, start } = program;
  return {
    devices,
    graph: taskGraph(program),
    collectives,
    plans: plans.map(({ groups }) => ({
      groupOf: groupsOf(groups, devices),
      groups: groups.map((group) => ({ devices: group.devices, phases: group.phases.map((phase) => phaseTransfer(phase, topology)) })),
    })),
    duration: taskDurations(program).picoseconds,
    start,
    linkCount: topology.links.count,
  };
}

function groupsOf(groups: readonly { readonly devices: Uint32Array }[], devices: number): Int32Array {
  const groupOf = new Int32Array(devices).fill(-1);
  for (const [group, { devices: members }] of groups.entries()) {
    for (let i = 0; i < members.length; i++) {
      const device = members[i];
      assert(groupOf[device] === -1, `device ${device} is in one group of a plan`);
      groupOf[device] = group;
    }
  }
  return groupOf;
}
