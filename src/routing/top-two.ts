import type { Assignment } from './assignment.ts';
import { balanceGradient, countFirstChoices } from './load-balance.ts';
import { required } from './required.ts';
import type { RouterGradient, RouterInput } from './router.ts';
import { addThroughSoftmax } from './softmax-gradient.ts';

/** 1e-9 as the routers add it in f32. */
const EPSILON = Math.fround(1e-9);

/**
 * Writes the two most probable experts of each token and their weights g1 / (g1 + g2 + 1e-9), g2 / (g1 + g2 + 1e-9), in f32.
 * Weights are fixed here, before anything is dropped, and are not renormalised afterwards. Of equal probabilities the lower index comes first.
 */
export function chooseTopTwo(input: RouterInput, into: Assignment): void {
  const { tokens, experts } = input;
  const probabilities = required(input, 'probabilities');
  const { expert, weight } = into;
  for (let token = 0, row = 0; token < tokens; token++, row += experts) {
    let first = 0;
    let second = -1;
    let g1 = probabilities[row];
    let g2 = Number.NEGATIVE_INFINITY;
    for (let e = 1; e < experts; e++) {
      const probability = probabilities[row + e];
      if (!(probability > g2)) continue;
      if (probability > g1) {
        second = first;
        g2 = g1;
        first = e;
        g1 = probability;
      } else {
        second = e;
        g2 = probability;
      }
    }
    const sum = Math.fround(Math.fround(g1 + g2) + EPSILON);
    expert[2 * token] = first;
    expert[2 * token + 1] = second;
    weight[2 * token] = g1 / sum;
    weight[2 * token + 1] = g2 / sum;
  }
}

/** Seats the first choices in token order; returns [experts] how many asked for each expert, kept or not: the queue that second choices join. */
export function seatFirstChoices({ tokens, experts, expertCapacity }: RouterInput, into: Assignment): Int32Array {
  const queued = new Int32Array(experts);
  const { expert, slot, requested, weight } = into;
  for (let row = 0; row < 2 * tokens; row += 2) {
    const position = queued[expert[row]]++;
    const kept = position < expertCapacity;
    requested[row] = 1;
    slot[row] = kept ? position : -1;
    if (!kept) weight[row] = 0;
  }
  return queued;
}

/**
 * Through w1 = g1 / s and w2 = g2 / s, s = g1 + g2 + 1e-9, of the choices that have a slot, and through the auxiliary loss of the first choices.
 *   dg1 = dw1 / s - (dw1 g1 + dw2 g2) / s^2,   dg2 = dw2 / s - (dw1 g1 + dw2 g2) / s^2
 */
export function topTwoBackward(input: RouterInput, assignment: Assignment, gradient: RouterGradient): void {
  const { experts, tokens } = input;
  const { expert, slot } = assignment;
  const probabilities = required(input, 'probabilities');
  const balance = balanceGradient(countFirstChoices(assignment, input), tokens, gradient.auxiliaryLoss);
  addThroughSoftmax(input, gradient, balance, (token, dProbabilities) => {
    const row = 2 * token;
    const g1 = probabilities[token * experts + expert[row]];
    const g2 = probabilities[token * experts + expert[row + 1]];
    const dw1 = slot[row] >= 0 ? gradient.weight[row] : 0;
    const dw2 = slot[row + 1] >= 0 ? gradient.weight[row + 1] : 0;
    const sum = g1 + g2 + EPSILON;
    const shared = (dw1 * g1 + dw2 * g2) / (sum * sum);
    dProbabilities[expert[row]] += dw1 / sum - shared;
    dProbabilities[expert[row + 1]] += dw2 / sum - shared;
  });
}
