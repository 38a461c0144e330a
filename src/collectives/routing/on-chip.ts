import type { Bytes } from '../../base/index.ts';
import type { Topology } from '../../hardware/index.ts';
import type { PairTraffic, Traffic } from './traffic.ts';

/** Bytes that the busiest chip moves between its own members, through HBM. */
export function busiestChipBytes({ devicesPerChip }: Topology, devices: Uint32Array, traffic: Traffic): Bytes {
  if (devicesPerChip === 1) return 0;
  const byChip = new Map<number, number[]>();
  for (const [member, device] of devices.entries()) {
    const chip = Math.floor(device / devicesPerChip);
    const others = byChip.get(chip);
    if (others) others.push(member);
    else byChip.set(chip, [member]);
  }
  if (traffic.kind === 'pairs') return busiestOfPairs(devicesPerChip, devices, traffic);
  let most = 0;
  for (const together of byChip.values()) {
    let bytes = 0;
    for (const from of together) {
      for (const to of together) {
        if (from !== to) bytes += traffic.kind === 'uniform' ? traffic.bytesPerPair : traffic.bytes[from * devices.length + to];
      }
    }
    most = Math.max(most, bytes);
  }
  return most;
}

function busiestOfPairs(devicesPerChip: number, devices: Uint32Array, { from, to, bytes }: PairTraffic): Bytes {
  const local = new Map<number, number>();
  let most = 0;
  for (let i = 0; i < from.length; i++) {
    const chip = Math.floor(devices[from[i]] / devicesPerChip);
    if (from[i] === to[i] || chip !== Math.floor(devices[to[i]] / devicesPerChip)) continue;
    const sum = (local.get(chip) ?? 0) + bytes[i];
    local.set(chip, sum);
    most = Math.max(most, sum);
  }
  return most;
}
