import { type Assignment, seat } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceGradient, balanceLossOf } from '../load-balance.ts';
import { wholeNumber } from '../options.ts';
import { required } from '../required.ts';
import type { RouterInput } from '../router.ts';
import { addOneWeightThroughSoftmax } from '../softmax-gradient.ts';
import { chooseTop } from '../top-choices.ts';

/**
 * Switch routing in rounds: a token that finds its expert full tries its next best one in the next round. In round r the tokens that are left queue in
 * order for their r-th choice, behind all that earlier rounds seated. One row per token: the expert that took it, with its probability as the
 * weight, or the first choice when none did.
 *
 *   auxiliary loss = (E / rounds) sum of f_e P_e,   f_e = times that e is among a token's `rounds` best experts / S, whether tried or not
 *
 * With fewer experts than rounds there are as many rounds as experts.
 */
export const noTokenLeftBehind = defineRouter({
  title: 'No token left behind',
  source: 'Fedus et al. 2021, arXiv 2101.03961, appendix B; tensorflow/mesh@b6e9d08 mesh_tensorflow/transformer/moe.py _switch_gating',
  options: { rounds: wholeNumber(4, 1, 64, 'experts that a token tries, best first') },
  create: ({ rounds }) => ({
    topK: 1,
    learned: true,
    reads: ['probabilities'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens,
    ownCapacity: null,
    ...(rounds === 1 ? {} : { ownRule: { words: 'rerouting tokens whose expert is full', about: 'slots' } }),
    inVain: (experts) =>
      rounds > experts ? `a token has ${experts} experts to try, so rounds above ${experts} (${rounds}) do nothing` : null,
    route: (input, into) => route(input, into, Math.min(rounds, input.experts)),
    auxiliaryLoss: (input) => {
      const tried = Math.min(rounds, input.experts);
      return balanceLossOf(input, countTop(input, tried)) / tried;
    },
    backward: (input, assignment, gradient) => {
      const tried = Math.min(rounds, input.experts);
      const balance = balanceGradient(countTop(input, tried), input.tokens, gradient.auxiliaryLoss / tried);
      addOneWeightThroughSoftmax(input, assignment, gradient, balance);
    },
  }),
});

function route(input: RouterInput, into: Assignment, rounds: number): void {
  const { tokens, experts, expertCapacity } = input;
  const { expert: choices, probability } = topOf(input, rounds);
  const filled = new Int32Array(experts);
  for (let token = 0; token < tokens; token++) {
    into.expert[token] = choices[token * rounds];
    seat(into, token, expertCapacity, expertCapacity);
  }
  for (let round = 0; round < rounds; round++) {
    for (let token = 0; token < tokens; token++) {
      if (into.slot[token] >= 0) continue;
      const choice = token * rounds + round;
      const expert = choices[choice];
      // A full expert stays full: counting those it turns away would change nothing.
      if (filled[expert] === expertCapacity) continue;
      into.expert[token] = expert;
      into.weight[token] = probability[choice];
      into.slot[token] = filled[expert]++;
    }
  }
}

/** [S * rounds], token-major. */
function topOf(input: RouterInput, rounds: number): { expert: Int32Array; probability: Float32Array } {
  const expert = new Int32Array(input.tokens * rounds);
  const probability = new Float32Array(expert.length);
  chooseTop(required(input, 'probabilities'), input.experts, rounds, expert, probability);
  return { expert, probability };
}

/** [E]: how many tokens have each expert among their `rounds` best. */
function countTop(input: RouterInput, rounds: number): Int32Array {
  const counts = new Int32Array(input.experts);
  for (const expert of topOf(input, rounds).expert) counts[expert]++;
  return counts;
}
