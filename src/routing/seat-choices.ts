import type { Assignment } from './assignment.ts';
import type { RouterSizes } from './router.ts';

/**
 * All first choices queue for their experts, behind them all second choices, and so on; within a choice tokens stand in `order`, or as they come.
 * It does not matter whether dropped choices are counted in the queue: behind them nobody finds a slot anyway.
 * Rows are token * topK + choice, with experts and weights already written.
 */
export function seatByChoice(sizes: RouterSizes, into: Assignment, topK: number, order: Int32Array | null): void {
  const { tokens, experts, expertCapacity } = sizes;
  const { expert, slot, requested, weight } = into;
  const queued = new Int32Array(experts);
  requested.fill(1);
  for (let choice = 0; choice < topK; choice++) {
    for (let place = 0; place < tokens; place++) {
      const row = (order === null ? place : order[place]) * topK + choice;
      const position = queued[expert[row]]++;
      const kept = position < expertCapacity;
      slot[row] = kept ? position : -1;
      if (!kept) weight[row] = 0;
    }
  }
}

/** All choices of the first token queue, then all of the second, and so on: with rows in this order, as if each row were a token. */
export function seatByToken({ experts, expertCapacity }: RouterSizes, into: Assignment): void {
  seatByChoice({ tokens: into.expert.length, experts, expertCapacity }, into, 1, null);
}
