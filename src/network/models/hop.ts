import { createEventQueue, type Picoseconds, toSeconds } from '../../base/index.ts';
import { HopHappens } from '../hop-events.ts';
import { createHopWires } from '../hop-wires.ts';
import { hopWork } from '../hop-work.ts';
import { lastStart, type NetworkModel } from '../model.ts';

/**
 * Every chunk of every message over every hop (`hop-wires.ts`). A message starts when those that it waits for have arrived and its sender is
 * ready; nobody waits for anybody else, so a member that is late holds up only what passes through it.
 */
export const hop: NetworkModel = {
  title: 'every chunk over every hop',
  run(topology, jobs, { chunkBytes }) {
    const work = hopWork(topology, jobs, chunkBytes);
    const heap = createEventQueue();
    const wires = createHopWires(topology, work, chunkBytes, heap);
    const { waitingFor, senderReady, dependentOffsets, dependents } = work;
    const ends = Float64Array.from(jobs, (job) => lastStart(job));
    const start = (message: number, now: Picoseconds) => {
      const ready = senderReady === null ? 0 : senderReady[message];
      if (ready > now) heap.push(ready, HopHappens.ready, message);
      else wires.post(message, now);
    };
    const deliver = (message: number, now: Picoseconds) => {
      const job = work.jobOf[message];
      if (now > ends[job]) ends[job] = now;
      for (let i = dependentOffsets[message]; i < dependentOffsets[message + 1]; i++) {
        if (--waitingFor[dependents[i]] === 0) start(dependents[i], now);
      }
    };
    // Chosen before anything runs: what such a message sets free is met on the way.
    const free = waitingFor.map((count) => (count === 0 ? 1 : 0));
    for (let message = 0; message < work.messages; message++) if (free[message] === 1) start(message, 0);
    let events = 0;
    while (heap.pop()) {
      events++;
      if (heap.phase === HopHappens.delivered) deliver(heap.payload, heap.time);
      else if (heap.phase === HopHappens.arrived) wires.arrived(heap.payload, heap.time);
      else if (heap.phase === HopHappens.freed) wires.freed(heap.payload, heap.time);
      else wires.post(heap.payload, heap.time);
    }
    return {
      ends: ends.map(toSeconds),
      seconds: toSeconds(ends.reduce((last, end) => Math.max(last, end), 0)),
      linkBytes: wires.bytes.slice(0, topology.links.count),
      linkBusySeconds: wires.busy.slice(0, topology.links.count).map(toSeconds),
      events,
    };
  },
};
