import { assert, type Picoseconds, toPicoseconds } from '../base/index.ts';
import { type Phase, transferSeconds } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import { type Program, TaskKind } from '../program/index.ts';
import type { Transfer } from '../network/index.ts';

/** Look-up tables that one simulation needs, all shared by the devices. */
export interface Prepared {
  /** Compressed rows: who waits for task i. */
  readonly dependentOffsets: Uint32Array;
  readonly dependents: Uint32Array;
  /** Computations in program order. */
  readonly stream: Uint32Array;
  readonly plans: readonly PreparedPlan[];
}

export interface PreparedPlan {
  /** [devices]: group, or -1 for a device that takes no part. */
  readonly groupOf: Int32Array;
  readonly groups: readonly { readonly devices: Uint32Array; readonly phases: readonly PreparedPhase[] }[];
}

/**
 * Transfer and latency of a phase are rounded to picoseconds one by one. Bytes within a chip bound the speed of their own transfer; several
 * transfers through one chip's HBM do not slow each other.
 */
export interface PreparedPhase {
  readonly transfer: Transfer;
  readonly latency: Picoseconds;
}

export function prepare(program: Program, topology: Topology): Prepared {
  const { tasks } = program;
  return {
    ...dependentRows(tasks.count, tasks.dependencyOffsets, tasks.dependencies),
    stream: Uint32Array.from(tasks.kind.keys()).filter((task) => tasks.kind[task] === TaskKind.compute),
    plans: program.plans.map(({ groups }) => {
      const groupOf = new Int32Array(program.devices).fill(-1);
      for (const [group, { devices }] of groups.entries()) {
        for (const device of devices) {
          assert(groupOf[device] === -1, `device ${device} is in one group of a plan`);
          groupOf[device] = group;
        }
      }
      return {
        groupOf,
        groups: groups.map(({ devices, phases }) => ({ devices, phases: phases.map((phase) => preparePhase(phase, topology)) })),
      };
    }),
  };
}

function preparePhase(phase: Phase, topology: Topology): PreparedPhase {
  const seconds = transferSeconds(phase, topology);
  const shares = phase.bytes.map((bytes, i) => bytes / topology.links.bytesPerSecond[phase.links[i]] / seconds);
  return { transfer: { links: phase.links, bytes: phase.bytes, shares, seconds }, latency: toPicoseconds(phase.latencySeconds) };
}

/** Turns "waits for" rows around. */
function dependentRows(
  count: number,
  offsets: Uint32Array,
  dependencies: Uint32Array,
): { dependentOffsets: Uint32Array; dependents: Uint32Array } {
  const dependentOffsets = new Uint32Array(count + 1);
  for (const task of dependencies) dependentOffsets[task + 1]++;
  for (let task = 0; task < count; task++) dependentOffsets[task + 1] += dependentOffsets[task];
  const next = dependentOffsets.slice();
  const dependents = new Uint32Array(dependencies.length);
  for (let task = 0; task < count; task++) {
    for (let i = offsets[task]; i < offsets[task + 1]; i++) dependents[next[dependencies[i]]++] = task;
  }
  return { dependentOffsets, dependents };
}
