import { createEventQueue, type EventQueue, log } from '../../../base/index.ts';
import type { EngineCase } from './engine-case.ts';
import { wordSource } from './words.ts';

/**
 * The hold model (Jones, An empirical comparison of priority-queue and event-set implementations, CACM 29(4), 1986): the first event leaves, and a
 * new one comes a random time later, so that the number of events stays.
 */
export function eventQueueCases(): EngineCase[] {
  const at = (pending: number) => `${pending.toLocaleString('en-US')} pending`;
  return [
    ...[1_000, 10_000, 100_000].map((pending) => hold('exponential', pending, at(pending), 5e6)),
    hold('exponential', 1_000_000, at(1_000_000), 2e6),
    ...(['ties', 'bimodal', 'far'] as const).map((law) => hold(law, 10_000, at(10_000), 2e6)),
  ];
}

/** Picoseconds from one event to the one that it brings about, of two uniform numbers in (0, 1). */
const INCREMENTS = {
  exponential: (u: number) => -log(u) * 1e9,
  ties: () => 1e9,
  bimodal: (u: number, v: number) => -log(u) * (v < 0.9 ? 1e6 : 1e9),
  far: (u: number, v: number) => -log(u) * (v < 0.99 ? 1e6 : 1e12),
};

const LAWS: Readonly<Record<keyof typeof INCREMENTS, string>> = {
  exponential: 'exponential increments',
  ties: 'all increments equal',
  bimodal: 'one increment in ten 1,000 times longer',
  far: 'one increment in a hundred a million times longer',
};

/** Drawn before the clock starts, and used again and again. */
const DRAWN = 2 ** 16;

function hold(law: keyof typeof INCREMENTS, pending: number, count: string, eventsPerSecond: number): EngineCase {
  const events = Math.max(1_000_000, 2 * pending);
  return {
    name: `queue-${law}-${pending}`,
    title: `event queue, ${LAWS[law]}, ${count}`,
    bars: { eventsPerSecond },
    open: () => {
      const uniform = wordSource(pending);
      const increments = Float64Array.from({ length: DRAWN }, () => Math.round(INCREMENTS[law](uniform(), uniform())));
      const queue = createEventQueue();
      for (let i = 0; i < pending; i++) queue.push(increments[i % DRAWN], 0, i);
      let order: number | undefined;
      return {
        // Goes on where the run before has ended.
        run: () => {
          const popped = holdModel(queue, increments, events);
          order ??= popped;
        },
        answer: () => ({
          events,
          result: { 'order of the first run': (order ?? 0).toString(16) },
          errors: queue.size === pending ? [] : [`${queue.size} events are left of ${pending}`],
        }),
      };
    },
  };
}

/** Returns a hash of the payloads in the order in which they left. */
function holdModel(queue: EventQueue, increments: Float64Array, events: number): number {
  let order = 0;
  for (let i = 0; i < events; i++) {
    queue.pop();
    order = (Math.imul(order, 31) + queue.payload) >>> 0;
    queue.push(queue.time + increments[i % DRAWN], 0, queue.payload);
  }
  return order;
}
