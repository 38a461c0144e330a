import { assert, createEventHeap } from '../base/index.ts';
import { createLiveTransfers } from '../network/index.ts';
import { createDevicesAtWork, type DevicesAtWork } from './devices-at-work.ts';
import { Happens } from './event-order.ts';
import type { Job } from './job.ts';
import type { Ledger } from './ledger.ts';
import { createRunsAtWork } from './runs-at-work.ts';

/** Event by event in order of time, with links shared by whoever is on them. Returns how many events, and [links] how long each was busy. */
export function simulateInOrderOfTime(job: Job, ledger: Ledger): { readonly events: number; readonly busy: Float64Array } {
  const heap = createEventHeap();
  const network = createLiveTransfers(job.linkCount);
  // Devices join runs, and runs tell devices: each knows the other by one call only.
  const devices: DevicesAtWork = createDevicesAtWork(job, ledger, heap, (collective, device, now) => runs.join(collective, device, now));
  const runs = createRunsAtWork(job, ledger.runs, network, heap, devices.ended);
  const hasBegun = new Uint8Array(job.devices);
  for (let device = 0; device < job.devices; device++) heap.push(job.start[device], Happens.computed, device);
  let events = 0;
  while (heap.pop()) {
    events++;
    const { time, phase, payload } = heap;
    if (phase === Happens.computed && hasBegun[payload] === 1) devices.computed(payload, time);
    else if (phase === Happens.began) runs.began(payload, time);
    else if (phase === Happens.arrived) runs.arrived(payload, time);
    else if (phase === Happens.drained) runs.drained(payload, time);
    else if (phase === Happens.copied) devices.copied(payload, time);
    else if (phase === Happens.settle) runs.settle(time);
    else {
      hasBegun[payload] = 1;
      devices.begin(payload, time);
    }
  }
  const stuck = devices.stuck();
  assert(stuck === null, `all tasks end; stuck at task ${stuck?.task} on device ${stuck?.device}`);
  return { events, busy: network.busy };
}
