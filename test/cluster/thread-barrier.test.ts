import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../src/cluster/pool.ts';
import { stepControlWords } from '../../src/kernels/index.ts';
import type run from './lane-thread.ts';
import type { TicketStep } from './lane-thread.ts';

const LANES = 3;
let threads: Pool<Parameters<typeof run>[0], number>;

const sharedWords = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * Math.max(1, count)));

/** The tickets of all items, and what the slowest lane took. */
async function runOnLanes(phaseItems: readonly number[], waits: TicketStep['waits'], lanes = LANES) {
  const [control, ticket, marks] = [sharedWords(stepControlWords(LANES)), sharedWords(2), sharedWords(2 * waits.length)];
  const step: TicketStep = { phaseItems, waits, lanes, control, ticket, marks };
  const times = await Promise.all(Array.from({ length: lanes }, (_, lane) => threads.run({ step, lane })));
  return { marks, milliseconds: Math.max(...times) };
}

describe('lanes on threads', () => {
  beforeAll(() => {
    threads = createPool(LANES, new URL('./lane-thread.ts', import.meta.url), null);
  });
  afterAll(() => threads.close());

  it('run every item once, and none before all of the phase before it have ended', async () => {
    const item = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(item, { maxLength: 12 }), { maxLength: 8 }), async (phases) => {
        const sizes = phases.map(({ length }) => length);
        const { marks } = await runOnLanes(sizes, phases.flat());
        const begins = phases.flat().map((_, i) => marks[2 * i]);
        const ends = begins.map((_, i) => marks[2 * i + 1]);
        expect([...begins, ...ends].sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * begins.length }, (_, i) => i + 1));
        let first = 0;
        for (const size of sizes) {
          const before = Math.max(0, ...ends.slice(0, first));
          expect(Math.min(Number.POSITIVE_INFINITY, ...begins.slice(first, first + size))).toBeGreaterThan(before);
          first += size;
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('run as many items of a phase at once as there are of them', async () => {
    const { marks } = await runOnLanes([1, LANES], [0, ...new Array<'phase'>(LANES).fill('phase')]);
    const begins = Array.from({ length: LANES }, (_, i) => marks[2 * (1 + i)]);
    expect(begins.sort((a, b) => a - b)).toEqual(Array.from({ length: LANES }, (_, i) => 3 + i));
  });

  it('add little to small items', async () => {
    const waits = new Array<number>(20_480).fill(0);
    const times: number[] = [];
    for (let run = 0; run < 6; run++) times.push((await runOnLanes([waits.length], waits, 2)).milliseconds);
    const perItem = (1000 * Math.min(...times)) / waits.length;
    console.info(`${perItem.toFixed(2)} us for an empty item on two threads`);
    // Some 0.2 us, the item's own two tickets among them; a message of the pool for each item would cost 29 us.
    expect(perItem).toBeLessThan(1);
  });
});
