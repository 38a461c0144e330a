import { type AnnealedGate, openAnnealedGate } from '../annealed-gate.ts';
import { type Assignment, seat, skip } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceGradient, balanceLoss, countChoices } from '../load-balance.ts';
import { number, wholeNumber } from '../options.ts';
import type { RouterGradient, RouterInput } from '../router.ts';

/**
 * Dense-to-sparse gate: training begins with all experts for every token and ends with one, as the temperature falls.
 *
 *   g = softmax((logits + Gumbel noise) / temperature)   used = experts with g > threshold, at most maxExperts, at least the best
 *   weight = g, not renormalised   auxiliary loss = E sum of f_e P_e, f_e = tokens that use e / S, P_e = mean g of e
 *
 * A run shows one moment of the annealing. While 1 / E is above the threshold, every expert's g rises at most once and then falls with the
 * temperature, so a token never gains experts. First choices queue before second ones, and so on. At evaluation there is no noise. (The code that is
 * named gives all tokens of a batch as many experts as they would use in the mean; here every token has its own number.)
 */
export const denseToSparse = defineRouter({
  title: 'Dense to sparse',
  source:
    'Nie et al. 2021, arXiv 2112.14397, section 4 (DTS gate); threshold 0.001: VITA-Group/Random-MoE-as-Dropout custom_gate.py CustomDTSGate',
  options: {
    temperature: number(1, 1e-3, 1e3, 'of the softmax: high uses many experts, low uses one'),
    threshold: number(1e-3, 0, 1, 'experts whose gate is above it are used'),
    maxExperts: wholeNumber(8, 1, 64, 'most experts per token; capacity rules and FLOP counts reckon with as many'),
  },
  create: (options) => ({
    topK: options.maxExperts,
    learned: true,
    reads: ['logits'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * options.maxExperts,
    ownCapacity: null,
    ...(options.maxExperts === 1 ? {} : { ownRule: { words: 'which experts are above the threshold', about: 'choices' } }),
    route: (input, into) => route(input, into, openAnnealedGate(input, options), options.maxExperts),
    auxiliaryLoss: (input, assignment) =>
      balanceLoss(countChoices(assignment, input.experts), shareSums(input, openAnnealedGate(input, options)), input.tokens),
    backward: (input, assignment, gradient) => backward(input, assignment, gradient, openAnnealedGate(input, options), options),
  }),
});

function route(input: RouterInput, into: Assignment, gate: AnnealedGate, most: number): void {
  const { tokens, experts, expertCapacity } = input;
  for (let token = 0, row = 0; token < tokens; token++, row += most) {
    const used = gate.read(token);
    for (let choice = 0; choice < most; choice++) {
      into.expert[row + choice] = gate.best[choice];
      into.weight[row + choice] = gate.share[gate.best[choice]];
      into.requested[row + choice] = choice < used ? 1 : 0;
    }
  }
  const queued = new Int32Array(experts);
  for (let choice = 0; choice < most; choice++) {
    for (let row = choice; row < tokens * most; row += most) {
      if (into.requested[row] === 1) seat(into, row, queued[into.expert[row]]++, expertCapacity);
      else skip(into, row);
    }
  }
}

/** [E]: sums of g over the tokens. */
function shareSums({ tokens, experts }: RouterInput, gate: AnnealedGate): Float64Array {
  const sums = new Float64Array(experts);
  for (let token = 0; token < tokens; token++) {
    gate.read(token);
    for (let e = 0; e < experts; e++) sums[e] += gate.share[e];
  }
  return sums;
}

/** dlogit = g (dg - sum of dg g) / temperature. */
function backward(
  input: RouterInput,
  assignment: Assignment,
  gradient: RouterGradient,
  gate: AnnealedGate,
  { temperature, maxExperts }: { readonly temperature: number; readonly maxExperts: number },
): void {
  const { tokens, experts } = input;
  const { expert, slot } = assignment;
  const balance = balanceGradient(countChoices(assignment, experts), tokens, gradient.auxiliaryLoss);
  const dShare = new Float64Array(experts);
  for (let token = 0, at = 0; token < tokens; token++, at += experts) {
    gate.read(token);
    dShare.set(balance);
    for (let row = token * maxExperts; row < (token + 1) * maxExperts; row++) {
      if (slot[row] >= 0) dShare[expert[row]] += gradient.weight[row];
    }
    let along = 0;
    for (let e = 0; e < experts; e++) along += dShare[e] * gate.share[e];
    for (let e = 0; e < experts; e++) gradient.logits[at + e] += (gate.share[e] * (dShare[e] - along)) / temperature;
  }
}
