import { type Picoseconds, toPicoseconds, toSeconds } from '../../base/index.ts';
import { lastStart, type NetworkModel } from '../model.ts';
import { phaseTransfer } from '../phase-transfer.ts';

/**
 * Every job alone on idle wires: it begins when its last member is ready, phases follow one another, and each takes its busiest link and then the
 * latency of its longest path. To write another model, copy this one and register it in `registry.ts`.
 */
export const ideal: NetworkModel = {
  title: 'every job alone on idle wires',
  run(topology, jobs) {
    const linkBytes = new Float64Array(topology.links.count);
    const uses: LinksInUse[] = [];
    const ends = new Float64Array(jobs.length);
    let last = 0;
    for (const [job, one] of jobs.entries()) {
      let now = lastStart(one);
      for (const phase of one.plan.phases) {
        const { transfer, latency } = phaseTransfer(phase, topology);
        const drained = now + toPicoseconds(transfer.seconds);
        for (let i = 0; i < phase.links.length; i++) linkBytes[phase.links[i]] += phase.bytes[i];
        uses.push({ links: phase.links, from: now, until: drained });
        now = drained + latency;
      }
      ends[job] = toSeconds(now);
      last = Math.max(last, now);
    }
    return { ends, seconds: toSeconds(last), linkBytes, linkBusySeconds: busySeconds(topology.links.count, uses), events: uses.length };
  },
};

interface LinksInUse {
  readonly links: Uint32Array;
  readonly from: Picoseconds;
  readonly until: Picoseconds;
}

/** Jobs that do not see each other may use a link at once: the length of the union of their times. */
function busySeconds(linkCount: number, uses: LinksInUse[]): Float64Array {
  const busy = new Float64Array(linkCount);
  const coveredUntil = new Float64Array(linkCount);
  for (const { links, from, until } of uses.sort((a, b) => a.from - b.from)) {
    for (const link of links) {
      busy[link] += Math.max(0, until - Math.max(from, coveredUntil[link]));
      coveredUntil[link] = Math.max(coveredUntil[link], until);
    }
  }
  return busy.map(toSeconds);
}
