import { createEventHeap, toSeconds } from '../../base/index.ts';
import { createLiveTransfers } from '../live-transfers.ts';
import { lastStart, type NetworkModel } from '../model.ts';
import { phaseTransfer } from '../phase-transfer.ts';
import { createTransferEvents } from '../transfer-events.ts';

/** Order of events at one instant. */
const Happens = {
  /** A job's last member is ready, or its bytes have arrived: the next phase begins. */
  next: 0,
  /** A transfer runs dry. */
  drained: 1,
  /** Links are shared anew; last, when everything else at this instant has started or ended. */
  settle: 7,
} as const;

/**
 * Phases are fluids over their links, and live ones share links by max-min fairness (`live-transfers.ts`). A job begins when its last member is
 * ready; a phase ends a latency after its last byte has left.
 */
export const fluid: NetworkModel = {
  title: 'live transfers share links by max-min fairness',
  run(topology, jobs) {
    const network = createLiveTransfers(topology.links.count);
    const phases = jobs.map(({ plan }) => plan.phases.map((phase) => phaseTransfer(phase, topology)));
    const heap = createEventHeap();
    const phaseOf = new Int32Array(jobs.length).fill(-1);
    const ends = new Float64Array(jobs.length);
    let last = 0;
    let events = 0;
    const transfers = createTransferEvents(network, heap, Happens, (job, now) => {
      heap.push(now + phases[job][phaseOf[job]].latency, Happens.next, job);
    });
    const startPhase = (job: number) => {
      const phase = phases[job][++phaseOf[job]];
      if (phase === undefined) {
        ends[job] = toSeconds(heap.time);
        last = Math.max(last, heap.time);
      } else if (phase.transfer.seconds > 0) transfers.start(job, phase.transfer, heap.time);
      else heap.push(heap.time + phase.latency, Happens.next, job);
    };
    for (const [job, one] of jobs.entries()) heap.push(lastStart(one), Happens.next, job);
    while (heap.pop()) {
      events++;
      if (heap.phase === Happens.next) startPhase(heap.payload);
      else if (heap.phase === Happens.settle) transfers.settle(heap.time);
      else transfers.drained(heap.payload, heap.time);
    }
    return { ends, seconds: toSeconds(last), linkBytes: network.bytes, linkBusySeconds: network.busy.map(toSeconds), events };
  },
};
