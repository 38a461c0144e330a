import { createAssignment, type Router } from '../router.ts';

/**
 * Switch routing: every token goes to its most probable expert while that has room (copy this one).
 *
 * A token's position is the number of earlier tokens of the group with the same expert, and it is kept while position < C. The paper's
 * printed pseudo-code counts inclusively and so keeps C - 1 tokens; the published code, which trained the models, keeps C.
 * The weight is the probability itself, not renormalised over the one chosen expert: that would be 1 and the router would learn nothing.
 */
export const switchTop1: Router = {
  topK: 1,
  title: 'Switch top-1',
  source: 'Fedus et al. 2021, arXiv 2101.03961, section 2.1; tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _switch_gating',
  route: ({ tokens, experts, probabilities, expertCapacity }, into = createAssignment(tokens, 1)) => {
    const { expert, slot, requested, weight } = into;
    const filled = new Int32Array(experts);
    for (let token = 0, row = 0; token < tokens; token++, row += experts) {
      // A strict comparison gives ties to the lower index.
      let best = 0;
      let bestProbability = probabilities[row];
      for (let e = 1; e < experts; e++) {
        const probability = probabilities[row + e];
        if (probability > bestProbability) {
          bestProbability = probability;
          best = e;
        }
      }
      const position = filled[best]++;
      const kept = position < expertCapacity;
      expert[token] = best;
      slot[token] = kept ? position : -1;
      requested[token] = 1;
      weight[token] = kept ? bestProbability : 0;
    }
    return into;
  },
};
