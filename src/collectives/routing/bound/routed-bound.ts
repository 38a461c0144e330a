import type { Seconds } from '../../../base/index.ts';
import { coordinateAlong, hostOf, networkLinks, type Topology } from '../../../hardware/index.ts';
import type { CollectiveRequest } from '../../plan.ts';
import { type OutsideBytes, outsideBytes, sumOver } from '../between-slices.ts';
import { busiestChipBytes } from '../on-chip.ts';
import { membersBySlice, type SliceMembers } from '../slice-members.ts';
import type { Traffic } from '../traffic.ts';
import { fullestArcSeconds } from './arc-cuts.ts';
import { type SliceTraffic, sliceTraffic } from './axis-traffic.ts';
import { hopBytes } from './hop-bytes.ts';
import { reachableLinks } from './reachable-links.ts';

/**
 * Seconds below which no routing by shortest ways comes, without latency: the greatest of traffic x hops over the bandwidth of all links together, what
 * each chip sends and gets over its own links, the fullest cut between planes, the network cards of each slice, and the HBM of the busiest chip.
 * Links count where a shortest way of the group can pass (`reachableLinks`).
 */
export function routedBoundSeconds({ topology, devices }: CollectiveRequest, traffic: Traffic): Seconds {
  const parts = membersBySlice(topology, devices);
  const outside = outsideBytes(parts, devices.length, traffic);
  const local = busiestChipBytes(topology, devices, traffic) / topology.localBytesPerSecond;
  return parts.reduce((most, part) => {
    const within = withinSliceSeconds(topology, part, devices.length, traffic);
    return Math.max(most, within, outside ? networkSeconds(topology, part, outside) : 0);
  }, local);
}

function withinSliceSeconds(topology: Topology, part: SliceMembers, members: number, traffic: Traffic): Seconds {
  const summed = sliceTraffic(topology, part, members, traffic);
  const reachable = reachableLinks(topology, part);
  const { bytesPerSecond } = topology.links;
  const together = reachable.reduce((sum, row) => sum + bytesPerSecond[row], 0);
  if (together === 0) return 0;
  const planes = topology.shape.map((side, axis) =>
    fullestArcSeconds(summed.alongAxis[axis], bandwidthAlong(topology, part, reachable, axis), side),
  );
  return Math.max(hopBytes(topology, part, members, traffic, summed) / together, chipSeconds(topology, part, reachable, summed), ...planes);
}

/** [side, side]: bytes per second of the links from one coordinate to another. */
function bandwidthAlong(topology: Topology, part: SliceMembers, reachable: Uint32Array, axis: number): Float64Array {
  const { links, shape } = topology;
  const side = shape[axis];
  const chips = topology.chips / topology.slices;
  const at = Uint32Array.from({ length: chips }, (_, chip) => coordinateAlong(shape, chip, axis));
  const bandwidth = new Float64Array(side * side);
  for (const row of reachable) {
    bandwidth[at[links.from[row] - part.firstChip] * side + at[links.to[row] - part.firstChip]] += links.bytesPerSecond[row];
  }
  return bandwidth;
}

function chipSeconds({ links, chips, slices }: Topology, part: SliceMembers, reachable: Uint32Array, { out, into }: SliceTraffic): Seconds {
  const outBytesPerSecond = new Float64Array(chips / slices);
  const intoBytesPerSecond = new Float64Array(chips / slices);
  for (const row of reachable) {
    outBytesPerSecond[links.from[row] - part.firstChip] += links.bytesPerSecond[row];
    intoBytesPerSecond[links.to[row] - part.firstChip] += links.bytesPerSecond[row];
  }
  let most = 0;
  for (let chip = 0; chip < out.length; chip++) {
    if (out[chip] > 0) most = Math.max(most, out[chip] / outBytesPerSecond[chip]);
    if (into[chip] > 0) most = Math.max(most, into[chip] / intoBytesPerSecond[chip]);
  }
  return most;
}

/** All hosts of the slice together, each way. */
function networkSeconds(topology: Topology, part: SliceMembers, outside: OutsideBytes): Seconds {
  const hosts = new Set<number>();
  for (let chip = part.firstChip; chip < part.firstChip + topology.chips / topology.slices; chip++) hosts.add(hostOf(topology, chip));
  let out = 0;
  let into = 0;
  for (const host of hosts) {
    const rows = networkLinks(topology, host);
    out += topology.links.bytesPerSecond[rows.up];
    into += topology.links.bytesPerSecond[rows.down];
  }
  return Math.max(sumOver(part, outside.out) / out, sumOver(part, outside.into) / into);
}
