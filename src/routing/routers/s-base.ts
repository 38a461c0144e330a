import type { Assignment } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { number, wholeNumber } from '../options.ts';
import { required } from '../required.ts';
import type { RouterInput } from '../router.ts';
import { seatByChoice } from '../seat-choices.ts';
import { type SinkhornOptions, scaleColumns } from '../sinkhorn.ts';
import { addOneWeightThroughSoftmax } from '../softmax-gradient.ts';
import { chooseTop } from '../top-choices.ts';

/**
 * Sinkhorn-BASE: in training a token goes to the largest entry of its row of the balanced transport plan, at evaluation to its most probable expert. The plan
 * is balanced, its largest entries are so only nearly: capacity is by rule, and what finds no slot is dropped. No auxiliary loss.
 *
 *   weight = softmax probability of the expert
 */
export const sBase = defineRouter({
  title: 'Sinkhorn-BASE',
  source: 'Clark et al. 2022, arXiv 2202.01169, section 3.1 and appendix B',
  options: {
    iterations: wholeNumber(100, 1, 100_000, 'most passes of the Sinkhorn algorithm over the logits'),
    tolerance: number(1e-4, 0, 1, 'a column sum may be off by this part of tokens / experts'),
  },
  create: (options) => ({
    topK: 1,
    learned: true,
    reads: ['logits', 'probabilities'],
    allToAlls: 2,
    assignmentPasses: options.iterations,
    rows: ({ tokens }) => tokens,
    ownCapacity: null,
    route: (input, into) => route(input, into, options),
    auxiliaryLoss: () => 0,
    backward: (input, assignment, gradient) => addOneWeightThroughSoftmax(input, assignment, gradient, null),
  }),
});

/**
 * Entries of the plan that differ by less than this part are equal, and the lower index wins: in the plan of a single token all entries are 1 / E
 * but for rounding.
 */
const SAME = 1 + 1e-9;

function route(input: RouterInput, into: Assignment, options: SinkhornOptions): void {
  const { tokens, experts, training } = input;
  const probabilities = required(input, 'probabilities');
  if (training) choosePlanned(required(input, 'logits'), experts, options, into.expert);
  else chooseTop(probabilities, experts, 1, into.expert, into.weight);
  for (let token = 0; token < tokens; token++) into.weight[token] = probabilities[token * experts + into.expert[token]];
  seatByChoice(input, into, 1, null);
}

/** The factor of a row is the same for all its entries, so it need not be known. */
function choosePlanned(logits: Float32Array, experts: number, options: SinkhornOptions, chosen: Int32Array): void {
  const { matrix, columns } = scaleColumns(logits, experts, options);
  for (let token = 0, at = 0; token < chosen.length; token++, at += experts) {
    let best = 0;
    let most = matrix[at] * columns[0];
    for (let e = 1; e < experts; e++) {
      const entry = matrix[at + e] * columns[e];
      if (entry <= most * SAME) continue;
      most = entry;
      best = e;
    }
    chosen[token] = best;
  }
}
