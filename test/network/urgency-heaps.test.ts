import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUrgencyHeaps } from '../../src/network/urgency-heaps.ts';

const QUEUES = 3;

test('every queue gives what it holds in the order of keys, however pushes and pops are mixed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(QUEUES - 1), fc.option(fc.integer()), fc.boolean()), { maxLength: 200 }), (steps) => {
      const heaps = createUrgencyHeaps(QUEUES, steps.length);
      const held: { item: number; key: number }[][] = Array.from({ length: QUEUES }, () => []);
      for (const [item, [queue, key]] of steps.entries()) {
        expect(heaps.holds(item)).toBe(false);
        if (key !== null) {
          // Keys differ, as those of stations do.
          held[queue].push({ item, key: key + item / 1024 });
          heaps.push(queue, item, key + item / 1024);
          expect(heaps.holds(item)).toBe(true);
        } else if (held[queue].length > 0) {
          const [first] = held[queue].sort((a, b) => a.key - b.key);
          held[queue].shift();
          expect(heaps.pop(queue)).toBe(first.item);
          expect(heaps.holds(first.item)).toBe(false);
        }
        for (let one = 0; one < QUEUES; one++) expect(heaps.isEmpty(one)).toBe(held[one].length === 0);
      }
    }),
    { numRuns: 200, seed: 51 },
  );
});
