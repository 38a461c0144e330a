import type { Fault } from '../fault.ts';

const MODELS = 'test/network/models.test.ts';
const FAIR_RATES = 'test/network/fair-rates.test.ts';
const AFTER_ANY_CHANGE = 'changes many links: after any change, rates are those of filling anew';
const ONE_TRANSFER = 'alone on an idle torus one transfer: bytes over the bandwidth and a latency per hop';

/** Faults in how transfers share links, and in the queue of events under every simulation. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: 'latency-once-per-message',
    what: 'a chunk is on its next link at once, and only the last hop has a latency',
    file: 'src/network/hop-wires.ts',
    from: 'heap.push(now + links.latency[link] + Math.max(0, sooner), HopHappens.arrived',
    to: 'heap.push(now + Math.max(0, sooner), HopHappens.arrived',
    caughtBy: { file: MODELS, test: ONE_TRANSFER },
  },
  {
    name: 'stored-before-forwarded',
    what: 'a chunk goes on when all of it has arrived',
    file: 'src/network/hop-wires.ts',
    from: 'heap.push(now + links.latency[link] + Math.max(0, sooner), HopHappens.arrived',
    to: 'heap.push(now + links.latency[link] + sending, HopHappens.arrived',
    caughtBy: { file: MODELS, test: ONE_TRANSFER },
  },
  {
    name: 'no-windows',
    what: 'a message sends on although its chunks pile up at the next link',
    file: 'src/network/hop-wires.ts',
    from: 'held[station + 1] < links.places[linkAt(station)]',
    to: 'held[station + 1] >= 0',
    caughtBy: { file: MODELS, test: 'several jobs without windows' },
  },
  {
    name: 'who-sent-sends-again',
    what: 'whoever comes to a link goes before all that wait there, so the last to come sends until it has nothing left',
    file: 'src/network/hop-links.ts',
    from: 'last[link] = queue;\n    credit[queue] = chunkBytes;',
    to: 'if (last[link] < 0) last[link] = queue;\n    credit[queue] = chunkBytes;',
    caughtBy: { file: MODELS, test: 'several jobs two transfers over one link take turns' },
  },
  {
    name: 'turns-of-chunks',
    what: 'jobs take turns chunk for chunk, however small the chunks of one of them are',
    file: 'src/network/hop-links.ts',
    from: 'credit[queueOf[station]] -= size;',
    to: 'credit[queueOf[station]] -= chunkBytes;',
    caughtBy: { file: MODELS, test: 'several jobs collectives that meet' },
  },
  {
    name: 'messages-as-they-come',
    what: 'messages of a job go as they came, however long the chain of others that waits for them',
    file: 'src/network/hop-links.ts',
    from: 'turn++) - chain * TURNS',
    to: 'turn++) - 0 * chain * TURNS',
    caughtBy: { file: MODELS, test: 'alone on an idle torus all-gather: the three models agree within the latency' },
  },
  {
    name: 'pieces-take-turns',
    what: 'messages that others wait for take turns chunk by chunk, so that all of them arrive late',
    file: 'src/network/hop-links.ts',
    from: '(chain > 1 ? station : turn++)',
    to: 'turn++',
    caughtBy: {
      file: MODELS,
      test: 'alone on an idle torus ring [8]: pieces of a broadcast follow one another, also where a piece is many chunks',
    },
  },
  {
    name: 'first-member-starts',
    what: 'a collective begins with its first member, not with its last',
    file: 'src/network/model.ts',
    from: 'starts.reduce((last, start) => Math.max(last, toPicoseconds(start)), 0)',
    to: 'toPicoseconds(Math.min(...starts))',
    caughtBy: { file: 'test/network/ring-entity.test.ts', test: '1,024 members, 256 MiB, and starts that differ by up to 100 us' },
  },
  {
    name: 'bottleneck-gone-unseen',
    what: 'who had its bottleneck where a transfer left keeps its rate',
    file: 'src/network/fair-rates.ts',
    from: 'if (state.rates.bottleneck[uses.slot[entry]] === link) concern',
    to: 'if (state.rates.bottleneck[uses.slot[entry]] === -2) concern',
    caughtBy: { file: FAIR_RATES, test: AFTER_ANY_CHANGE },
  },
  {
    name: 'faster-ones-not-asked',
    what: 'who takes more of a link than those that have their bottleneck there keeps it',
    file: 'src/network/fair-rates.ts',
    from: 'if (fastest <= slowest * (1 + FASTER)) return;',
    to: 'if (fastest >= 0) return;',
    caughtBy: { file: FAIR_RATES, test: AFTER_ANY_CHANGE },
  },
  {
    name: 'any-full-link-a-bottleneck',
    what: 'a full link counts as the bottleneck of a transfer although another one is faster on it',
    file: 'src/network/fair-rates.ts',
    from: 'if (load < 1 - FULL || rates.rate[slot] < fastest * (1 - FASTER)) continue;',
    to: 'if (load < 1 - FULL) continue;',
    caughtBy: { file: FAIR_RATES, test: AFTER_ANY_CHANGE },
  },
  {
    name: 'new-rate-for-the-past',
    what: 'what a transfer has moved is counted at the rate that it has from now on',
    file: 'src/network/live-transfers.ts',
    from: '(one.rate * (now - one.since))',
    to: '(rate * (now - one.since))',
    caughtBy: { file: 'test/network/live-transfers.test.ts', test: 'transfers over time a short transfer that joins a long one' },
  },
  {
    name: 'event-put-off',
    what: 'an event before all buckets that are left waits for the first of them',
    file: 'src/base/event-ladder.ts',
    from: 'if (place < next) continue;\n        const bucket = place < last ? place | 0 : last;',
    to: 'const bucket = place < next ? next : place < last ? place | 0 : last;',
    caughtBy: { file: 'test/base/event-queue.test.ts', test: 'the queue pops what the heap pops, event by event' },
  },
  {
    name: 'open-bucket-too-early',
    what: 'the last bucket of a rung also takes the events of the one before',
    file: 'src/base/event-ladder.ts',
    from: 'const place = (times[i] - first) * scale;\n        const bucket = place < last ?',
    to: 'const place = (times[i] - first) * scale;\n        const bucket = place < last / 2 ?',
    caughtBy: { file: 'test/base/event-queue.test.ts', test: 'the queue pops what the heap pops, event by event' },
  },
  {
    name: 'last-come-first',
    what: 'of events of one time and phase the one that came last leaves first',
    file: 'src/base/event-heap.ts',
    from: 'return phase * MAX_SEQUENCE + sequence;',
    to: 'return (phase + 1) * MAX_SEQUENCE - 1 - sequence;',
    caughtBy: { file: 'test/base/event-queue.test.ts', test: 'heap events leave in the order of a sort' },
  },
];
