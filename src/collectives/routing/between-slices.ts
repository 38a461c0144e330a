import type { Bytes } from '../../base/index.ts';
import { hostLinks, hostOf, networkLinks, type Topology } from '../../hardware/index.ts';
import type { LinkLoads } from '../link-loads.ts';
import type { SliceMembers } from './slice-members.ts';
import { forEachPair, type Traffic } from './traffic.ts';

/** Bytes that each member has for members of other slices, and gets from them. */
export interface OutsideBytes {
  readonly out: Float64Array;
  readonly into: Float64Array;
}

/** Null where nothing leaves a slice. */
export function outsideBytes(parts: readonly SliceMembers[], members: number, traffic: Traffic): OutsideBytes | null {
  if (parts.length < 2) return null;
  const out = new Float64Array(members);
  const into = new Float64Array(members);
  const sliceOf = new Uint32Array(members);
  for (const [slice, part] of parts.entries()) for (const member of part.members) sliceOf[member] = slice;
  if (traffic.kind === 'uniform') {
    for (let member = 0; member < members; member++) {
      out[member] = (members - parts[sliceOf[member]].members.length) * traffic.bytesPerPair;
      into[member] = out[member];
    }
  } else {
    forEachPair(traffic, members, (from, to, bytes) => {
      if (sliceOf[from] === sliceOf[to]) return;
      out[from] += bytes;
      into[to] += bytes;
    });
  }
  return out.some((bytes) => bytes > 0) ? { out, into } : null;
}

/** Every byte between slices goes from its chip to the host, to the network, to the other host and to the other chip. */
export function addOutsideLoads(loads: LinkLoads, topology: Topology, devices: Uint32Array, bytes: OutsideBytes): void {
  for (const [member, device] of devices.entries()) {
    const chip = Math.floor(device / topology.devicesPerChip);
    const pcie = hostLinks(topology, chip);
    const nic = networkLinks(topology, hostOf(topology, chip));
    for (const row of [pcie.up, nic.up]) loads.add(row, bytes.out[member]);
    for (const row of [nic.down, pcie.down]) loads.add(row, bytes.into[member]);
  }
}

/** Sums over the members of one part. */
export function sumOver(part: SliceMembers, perMember: Float64Array): Bytes {
  return part.members.reduce((sum, member) => sum + perMember[member], 0);
}
