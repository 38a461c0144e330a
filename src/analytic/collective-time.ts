import { type Picoseconds, type Seconds, toPicoseconds } from '../base/index.ts';
import { type Phase, pacedLatencySeconds } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { CollectivePlan } from '../program/index.ts';

/** Time of one collective, of all groups or of one, on otherwise idle wires. */
export interface CollectiveTime {
  readonly seconds: Seconds;
  /** Bandwidth term and latency of each phase rounded one by one, as a clock of whole picoseconds sees them. */
  readonly picoseconds: Picoseconds;
}

/** Times of one plan. */
export interface PlanTimes {
  /** All groups at once, until the last is done. */
  readonly together: CollectiveTime;
  /** [groups]: each with the wires to itself. */
  readonly alone: readonly CollectiveTime[];
  /** [groups]: as long as alone where no link has two groups, and otherwise as long as all together. */
  readonly groups: readonly CollectiveTime[];
}

export function planTimes(groups: CollectivePlan['groups'], topology: Topology): PlanTimes {
  const together = collectiveTime(groups, topology);
  const alone = groups.map((group) => collectiveTime([group], topology));
  return { together, alone, groups: shareNoLink(groups, topology) ? alone : groups.map(() => together) };
}

function shareNoLink(groups: CollectivePlan['groups'], topology: Topology): boolean {
  const user = new Int32Array(topology.links.count).fill(-1);
  for (const [group, { phases }] of groups.entries()) {
    for (const { links } of phases) {
      for (const link of links) {
        if (user[link] >= 0 && user[link] !== group) return false;
        user[link] = group;
      }
    }
  }
  return true;
}

/**
 * Groups run at once: in each phase the bytes of all groups add up on the links that they share, and the busiest link (or the HBM of the
 * busiest chip) sets the bandwidth term.
 */
function collectiveTime(groups: CollectivePlan['groups'], topology: Topology): CollectiveTime {
  const phaseCount = groups.reduce((most, group) => Math.max(most, group.phases.length), 0);
  let seconds = 0;
  let picoseconds = 0;
  for (let i = 0; i < phaseCount; i++) {
    const phases = groups.flatMap((group) => group.phases.slice(i, i + 1));
    const bandwidthTerm = busiestSeconds(phases, topology);
    const latency = phases.reduce((longest, phase) => Math.max(longest, pacedLatencySeconds(phase, topology)), 0);
    seconds += bandwidthTerm + latency;
    picoseconds += toPicoseconds(bandwidthTerm) + toPicoseconds(latency);
  }
  return { seconds, picoseconds };
}

/** Adds the bytes of all phases of all groups to [links]. */
export function addLinkBytes(loads: Float64Array, phases: readonly Phase[]): void {
  for (const { links, bytes } of phases) for (let i = 0; i < links.length; i++) loads[links[i]] += bytes[i];
}

/** Time of the fullest link. */
export function busiestLinkSeconds(loads: Float64Array, topology: Topology): Seconds {
  return loads.reduce((most, bytes, link) => Math.max(most, bytes / topology.links.bytesPerSecond[link]), 0);
}

function busiestSeconds(phases: readonly Phase[], topology: Topology): Seconds {
  const local = phases.reduce((most, phase) => Math.max(most, phase.localBytes), 0);
  return Math.max(
    phases.length === 1 ? slowestLinkSeconds(phases[0], topology) : sharedLinkSeconds(phases, topology),
    local > 0 ? local / topology.localBytesPerSecond : 0,
  );
}

function slowestLinkSeconds({ links, bytes }: Phase, topology: Topology): Seconds {
  return bytes.reduce((most, one, i) => Math.max(most, one / topology.links.bytesPerSecond[links[i]]), 0);
}

function sharedLinkSeconds(phases: readonly Phase[], topology: Topology): Seconds {
  const loads = new Float64Array(topology.links.count);
  addLinkBytes(loads, phases);
  return busiestLinkSeconds(loads, topology);
}
