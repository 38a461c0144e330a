import type { Assignment, RouterInput } from './router.ts';

/** 1e-9 as the routers add it in f32. */
const EPSILON = Math.fround(1e-9);

/**
 * Writes the two most probable experts of each token and their weights g1 / (g1 + g2 + 1e-9), g2 / (g1 + g2 + 1e-9), in f32.
 * Weights are fixed here, before anything is dropped, and are not renormalised afterwards. A lone expert leaves the second weight 0.
 */
export function chooseTopTwo({ tokens, experts, probabilities }: RouterInput, into: Assignment): void {
  const { expert, weight } = into;
  for (let token = 0, row = 0; token < tokens; token++, row += experts) {
    let first = 0;
    let second = -1;
    let g1 = probabilities[row];
    let g2 = Number.NEGATIVE_INFINITY;
    for (let e = 1; e < experts; e++) {
      const probability = probabilities[row + e];
      if (probability > g1) {
        second = first;
        g2 = g1;
        first = e;
        g1 = probability;
      } else if (probability > g2) {
        second = e;
        g2 = probability;
      }
    }
    if (second < 0) g2 = 0;
    const sum = Math.fround(Math.fround(g1 + g2) + EPSILON);
    expert[2 * token] = first;
    expert[2 * token + 1] = Math.max(second, 0);
    weight[2 * token] = g1 / sum;
    weight[2 * token + 1] = g2 / sum;
  }
}

/** Seats the first choices in token order; returns [experts] how many asked for each expert, kept or not: the queue that second choices join. */
export function seatFirstChoices({ tokens, experts, expertCapacity }: RouterInput, into: Assignment): Int32Array {
  const queued = new Int32Array(experts);
  for (let row = 0; row < 2 * tokens; row += 2) seat(into, row, queued[into.expert[row]]++, expertCapacity);
  return queued;
}

/** Gives the choice at `row` its place in the queue: the slot at `position`, or none and no weight when that is past the capacity. */
export function seat(assignment: Assignment, row: number, position: number, expertCapacity: number): void {
  const kept = position < expertCapacity;
  assignment.requested[row] = 1;
  assignment.slot[row] = kept ? position : -1;
  if (!kept) assignment.weight[row] = 0;
}

/** Marks the choice at `row` as never requested. */
export function skip(assignment: Assignment, row: number): void {
  assignment.requested[row] = 0;
  assignment.slot[row] = -1;
  assignment.weight[row] = 0;
}
