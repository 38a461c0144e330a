import type { Assignment } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceGradient, balanceLossOf, countFirstChoices } from '../load-balance.ts';
import { bitsOf, mostProbable } from '../most-probable.ts';
import { word } from '../options.ts';
import { required } from '../required.ts';
import type { RouterInput } from '../router.ts';
import { addOneWeightThroughSoftmax } from '../softmax-gradient.ts';

/**
 * Switch routing: every token goes to its most probable expert while that has room (copy this one).
 *
 *   expert = argmax p   position = earlier tokens of the group with the same expert   kept = position < C   weight = p[expert]
 *   auxiliary loss = E sum of f_e P_e
 *
 * The paper's printed pseudo-code counts positions inclusively and so keeps C - 1 tokens; the published code, which trained the models, keeps C.
 * The weight is the probability itself, not renormalised over the one chosen expert: that would be 1 and the router would learn nothing.
 */
export const switchTop1 = defineRouter({
  title: 'Switch top-1',
  source: 'Fedus et al. 2021, arXiv 2101.03961, section 2.1; tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _switch_gating',
  options: {
    countsForLoss: word(
      ['requested', 'huggingface'],
      'requested',
      'f of the auxiliary loss: choices before capacity, or those of the masked one-hot, where dropped tokens count for expert 0 (huggingface/transformers)',
    ),
  },
  create: ({ countsForLoss }) => ({
    topK: 1,
    learned: true,
    reads: ['probabilities'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens,
    ownCapacity: null,
    route,
    auxiliaryLoss: (input, assignment) => balanceLossOf(input, counts[countsForLoss](assignment, input)),
    backward: (input, assignment, gradient) => {
      const balance = balanceGradient(counts[countsForLoss](assignment, input), input.tokens, gradient.auxiliaryLoss);
      addOneWeightThroughSoftmax(input, assignment, gradient, balance);
    },
  }),
});

const counts = { requested: countFirstChoices, huggingface: countMasked };

/** The arg-max of a row of zeros is 0, so what was dropped counts for expert 0 (modeling_switch_transformers.py, SwitchTransformersTop1Router). */
function countMasked({ expert, slot }: Assignment, { experts }: RouterInput): Int32Array {
  const masked = new Int32Array(experts);
  for (let row = 0; row < expert.length; row++) masked[slot[row] < 0 ? 0 : expert[row]]++;
  return masked;
}

function route(input: RouterInput, { expert, slot, requested, weight }: Assignment): void {
  const { tokens, experts, expertCapacity } = input;
  const probabilities = required(input, 'probabilities');
  const bits = bitsOf(probabilities);
  const filled = new Int32Array(experts);
  for (let token = 0, row = 0; token < tokens; token++, row += experts) {
    const best = mostProbable(bits, row, experts);
    const position = filled[best]++;
    const kept = position < expertCapacity;
    expert[token] = best;
    slot[token] = kept ? position : -1;
    requested[token] = 1;
    weight[token] = kept ? probabilities[row + best] : 0;
  }
}
