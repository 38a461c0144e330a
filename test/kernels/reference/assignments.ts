import fc from 'fast-check';
import type { AssignmentRows, DispatchShape } from '../../../src/kernels/index.ts';
import { draws } from '../support.ts';

export interface DrawnAssignment {
  readonly shape: DispatchShape;
  readonly rows: AssignmentRows;
}

/** Assignments in random row order, with any number of rows per token, no expert twice for one token, some rows dropped and some slots empty. */
export const drawnAssignments: fc.Arbitrary<DrawnAssignment> = fc
  .record({
    tokens: fc.integer({ min: 1, max: 7 }),
    dModel: fc.integer({ min: 1, max: 4 }),
    experts: fc.integer({ min: 1, max: 5 }),
    expertCapacity: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(1e6),
  })
  .map(({ seed, ...shape }) => ({ shape, rows: drawRows(shape, seed) }));

/** Rows of one expert are seated in row order, as routers do it. */
export function drawRows({ tokens, experts, expertCapacity }: DispatchShape, seed: number): AssignmentRows {
  const next = draws(seed);
  const pairs: { readonly token: number; readonly expert: number; readonly key: number }[] = [];
  for (let token = 0; token < tokens; token++)
    for (let expert = 0; expert < experts; expert++) if (next() > 0.1) pairs.push({ token, expert, key: next() });
  pairs.sort((a, b) => a.key - b.key);
  const filled = new Int32Array(experts);
  const slot = pairs.map(({ expert }) => (filled[expert] < expertCapacity && next() > -0.7 ? filled[expert]++ : -1));
  return {
    token: Int32Array.from(pairs, ({ token }) => token),
    expert: Int32Array.from(pairs, ({ expert }) => expert),
    slot: Int32Array.from(slot),
    weight: Float32Array.from(pairs, () => (next() + 1) / 2),
  };
}
