import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventHeap } from '../../src/base/index.ts';

const event = fc.record({ time: fc.integer({ min: 0, max: 20 }), phase: fc.nat(7) });

/** The order by definition: time, then phase, then order of arrival. */
const inOrder = (events: readonly { time: number; phase: number }[]) =>
  events.map((one, payload) => ({ ...one, payload })).sort((a, b) => a.time - b.time || a.phase - b.phase || a.payload - b.payload);

function drain(heap: ReturnType<typeof createEventHeap>): { time: number; phase: number; payload: number }[] {
  const popped: { time: number; phase: number; payload: number }[] = [];
  while (heap.pop()) popped.push({ time: heap.time, phase: heap.phase, payload: heap.payload });
  return popped;
}

test('events leave in the order of a sort, however small the first arrays are', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (events, capacity) => {
      const heap = createEventHeap(capacity);
      events.forEach((one, payload) => {
        heap.push(one.time, one.phase, payload);
      });
      expect(heap.size).toBe(events.length);
      expect(drain(heap)).toEqual(inOrder(events));
      expect(heap.size).toBe(0);
    }),
    { seed: 11 },
  );
});

test('pushes and pops in any mixture: every event leaves once, and never before one that was already there and comes first', () => {
  const step = fc.oneof(event, fc.constant('pop' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = createEventHeap(2);
      let waiting: { time: number; phase: number; payload: number }[] = [];
      steps.forEach((one, payload) => {
        if (one !== 'pop') {
          heap.push(one.time, one.phase, payload);
          waiting.push({ ...one, payload });
          return;
        }
        expect(heap.pop()).toBe(waiting.length > 0);
        if (waiting.length === 0) return;
        const [first] = waiting.toSorted((a, b) => a.time - b.time || a.phase - b.phase || a.payload - b.payload);
        expect([heap.time, heap.phase, heap.payload]).toEqual([first.time, first.phase, first.payload]);
        waiting = waiting.filter((other) => other !== first);
      });
    }),
    { seed: 12 },
  );
});

test('times far beyond 32 bits keep their order to the picosecond', () => {
  const heap = createEventHeap();
  const hour = 3600e12;
  heap.push(2 * hour + 1, 0, 1);
  heap.push(2 * hour, 7, 0);
  expect(drain(heap).map((one) => one.payload)).toEqual([0, 1]);
});
