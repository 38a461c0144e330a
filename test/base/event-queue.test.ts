import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventHeap, createEventQueue, type EventQueue } from '../../src/base/index.ts';

interface Event {
  readonly time: number;
  readonly phase: number;
  readonly payload: number;
}

/** The order by definition: time, then phase, then order of arrival. */
const byDefinition = (a: Event, b: Event) => a.time - b.time || a.phase - b.phase || a.payload - b.payload;

function drain(queue: EventQueue): Event[] {
  const popped: Event[] = [];
  while (queue.pop()) popped.push({ time: queue.time, phase: queue.phase, payload: queue.payload });
  return popped;
}

/** Times of which many are equal, some are close and some are very far away. */
const distance = fc.oneof(
  { weight: 3, arbitrary: fc.nat(3) },
  { weight: 3, arbitrary: fc.nat(1000) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 50 }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);
const phase = fc.nat(7);

for (const [name, create] of Object.entries({ heap: createEventHeap, queue: createEventQueue })) {
  describe(name, () => {
    test('events leave in the order of a sort, however small the first arrays are', () => {
      fc.assert(
        fc.property(
          fc.array(fc.record({ time: distance, phase }), { maxLength: 1000, size: 'max' }),
          fc.integer({ min: 1, max: 4 }),
          (events, capacity) => {
            const queue = create(capacity);
            events.forEach((one, payload) => {
              queue.push(one.time, one.phase, payload);
            });
            expect(queue.size).toBe(events.length);
            expect(drain(queue)).toEqual(events.map((one, payload) => ({ ...one, payload })).sort(byDefinition));
            expect(queue.size).toBe(0);
          },
        ),
        { seed: 11, numRuns: 60 },
      );
    });

    test('pushes from now on and pops in any mixture: every event leaves once, the first one first', () => {
      // Bursts, so that queues grow past every limit and run empty again.
      const burst = fc.oneof(
        fc.record({ pushes: fc.array(fc.record({ after: distance, phase }), { maxLength: 300, size: 'max' }) }),
        fc.record({ pops: fc.nat(300) }),
      );
      let most = 0;
      fc.assert(
        fc.property(fc.array(burst, { maxLength: 12, size: 'max' }), (bursts) => {
          const queue = create(2);
          const oracle: Event[] = [];
          let payload = 0;
          for (const one of bursts) {
            if ('pushes' in one) {
              for (const { after, phase } of one.pushes) {
                const event = { time: queue.time + after, phase, payload: payload++ };
                queue.push(event.time, event.phase, event.payload);
                oracle.push(event);
              }
              oracle.sort(byDefinition);
              most = Math.max(most, oracle.length);
            } else {
              const expected = oracle.splice(0, one.pops);
              const popped = expected.map(() => {
                expect(queue.pop()).toBe(true);
                return { time: queue.time, phase: queue.phase, payload: queue.payload };
              });
              expect(popped).toEqual(expected);
            }
            expect(queue.size).toBe(oracle.length);
          }
          expect(drain(queue)).toEqual(oracle);
          expect(queue.pop()).toBe(false);
        }),
        { seed: 12, numRuns: 80 },
      );
      expect(most).toBeGreaterThan(600);
    });

    test('times far beyond 32 bits keep their order to the picosecond', () => {
      const queue = create();
      const hour = 3600e12;
      queue.push(2 * hour + 1, 0, 1);
      queue.push(2 * hour, 7, 0);
      expect(drain(queue).map((one) => one.payload)).toEqual([0, 1]);
    });
  });
}

/** [name, distance to the next event as a function of two uniform numbers]: what event queues are usually measured with. */
const DISTRIBUTIONS: readonly (readonly [string, (u: number, v: number) => number])[] = [
  ['uniform', (u) => Math.round(u * 1e6)],
  ['all at one time', () => 1000],
  ['few distinct times', (u) => Math.floor(u * 3)],
  ['bimodal', (u, v) => Math.round(v < 0.9 ? u * 1e3 : u * 1e6)],
  ['one in a hundred is very far', (u, v) => Math.round(v < 0.99 ? u * 1e6 : u * 1e15)],
  ['a single one is very far', (u, v) => Math.round(v < 0.9999 ? u * 1e3 : 1e15)],
  ['times that differ by less than a picosecond', (u) => u * 1e-3],
];

test.each(DISTRIBUTIONS)('the queue pops what the heap pops, event by event: %s', (_, increment) => {
  let state = 7;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const queues = [createEventHeap(), createEventQueue()];
  const push = (time: number, phase: number, payload: number) => {
    for (const queue of queues) queue.push(time, phase, payload);
  };
  for (let i = 0; i < 3000; i++) push(increment(uniform(), uniform()), Math.floor(uniform() * 8), i);
  const [heap, queue] = queues;
  let same = 0;
  for (let i = 3000; heap.pop(); i++) {
    queue.pop();
    if (heap.time === queue.time && heap.phase === queue.phase && heap.payload === queue.payload) same++;
    // As many come as go; then more come than go; then all go.
    const come = i < 10_000 ? 1 : i < 14_000 ? 2 : 0;
    for (let j = 0; j < come; j++) push(heap.time + increment(uniform(), uniform()), Math.floor(uniform() * 8), i);
  }
  expect(same).toBe(18_000);
  expect(queue.size).toBe(0);
});

test('the queue refuses an event before the last one that left, and one at no time', () => {
  const queue = createEventQueue();
  queue.push(5, 0, 0);
  queue.pop();
  expect(() => queue.push(4, 0, 1)).toThrow(/after one at 5/);
  expect(() => queue.push(Number.NaN, 0, 1)).toThrow(/an event at NaN/);
  queue.push(5, 0, 2);
  expect(drain(queue)).toEqual([{ time: 5, phase: 0, payload: 2 }]);
});
