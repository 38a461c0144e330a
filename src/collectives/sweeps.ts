import type { Bytes } from '../base/index.ts';
import { allGatherMessages, hopLoads, type Message, reduceScatterMessages, stepsOf } from './line-schedule.ts';
import { addLineLoads, localPhases, phaseOf } from './link-loads.ts';
import { type GridAxis, type MemberGrid, wiresBetween } from './member-grid.ts';
import type { Phase } from './plan.ts';

/**
 * Reduce-scatter of an array of `bytes` over a grid, dimension by dimension. The array is cut into one part per dimension; part o starts with
 * dimension o and goes on cyclically, so that all dimensions work at once and bandwidth adds up over them ("How to Scale Your Model",
 * jax-ml/scaling-book sharding.md). The cut lets all dimensions finish the first, largest phase together.
 * The devices of one chip reduce among themselves first.
 */
export function reduceScatterPhases(grid: MemberGrid, bytes: Bytes): Phase[] {
  return [...localPhases(bytesWithinChip(grid, bytes)), ...sweepPhases(grid, bytes, reduceScatterMessages)];
}

/** The reduce-scatter run backwards: the last phase is the largest, and the devices of a chip share what they got at the end. */
export function allGatherPhases(grid: MemberGrid, bytes: Bytes): Phase[] {
  return [...sweepPhases(grid, bytes, allGatherMessages).reverse(), ...localPhases(bytesWithinChip(grid, bytes))];
}

/** Each of the c members on a chip hands (c - 1) / c of the array to the others. */
function bytesWithinChip(grid: MemberGrid, bytes: Bytes): Bytes {
  return (grid.membersPerChip - 1) * bytes;
}

/** Phases in the order of a reduce-scatter: in phase p, part o runs over dimension o + p with what dimensions o .. o + p - 1 left of it. */
function sweepPhases(grid: MemberGrid, bytes: Bytes, schedule: (members: number, ring: boolean) => Message[]): Phase[] {
  const { axes, topology } = grid;
  const parts = partShares(axes);
  const schedules = axes.map((along) => schedule(along.positions.length, along.ring));
  const shards = axes.map((along, i) => hopLoads(along.positions.length, schedules[i]));
  return axes.map((_, phase) => {
    const loads = new Float64Array(topology.links.count);
    let wires = 0;
    for (let part = 0; part < axes.length; part++) {
      const on = (part + phase) % axes.length;
      const along = axes[on];
      let partBytes = bytes * parts[part];
      for (let done = 0; done < phase; done++) partBytes /= axes[(part + done) % axes.length].positions.length;
      const shardBytes = partBytes / along.positions.length;
      const hops = { forward: shards[on].forward.map((n) => n * shardBytes), backward: shards[on].backward.map((n) => n * shardBytes) };
      addLineLoads(loads, grid, along, () => hops);
      wires = Math.max(wires, wiresBetween(grid, along, stepsOf(schedules[on])));
    }
    return phaseOf(loads, wires * topology.hopLatencySeconds);
  });
}

/** Shares of the array per starting dimension, inversely to the busiest link's share: (n - 1) / n on a line, half of it on a ring. */
function partShares(axes: readonly GridAxis[]): number[] {
  const speeds = axes.map(({ positions, ring }) => ((ring ? 2 : 1) * positions.length) / (positions.length - 1));
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  return speeds.map((speed) => speed / total);
}
