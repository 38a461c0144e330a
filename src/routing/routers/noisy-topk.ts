import { sigmoid } from '../../base/index.ts';
import type { Assignment } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { openNoisyGate } from '../noisy-gate.ts';
import { number, wholeNumber } from '../options.ts';
import { required } from '../required.ts';
import type { RouterGradient, RouterInput } from '../router.ts';
import { seatByChoice } from '../seat-choices.ts';
import { addLoad, addLoadGradient } from '../smooth-load.ts';
import { squaredVariation, squaredVariationGradient } from '../squared-variation.ts';

/**
 * Noisy top-k gating, the first sparsely gated layer:
 *
 *   H_e = logit_e + normal x softplus(noise logit_e)   chosen = the k largest H   weight = softmax of H over the chosen
 *   importance_e = sum over tokens of the weight of e, before capacity   load_e: see `smooth-load.ts`
 *   auxiliary loss = importanceWeight CV^2(importance) + loadWeight CV^2(load)
 *
 * The normal number of expert e is made from draw e. At evaluation there is no noise. Unlike the balance loss of later routers this one is 0 when
 * routing is balanced; the paper's weights of the two terms are left to the coefficient of the auxiliary loss. The paper has no
 * capacity; first choices queue before second ones. With k = 1 the weight is 1 and the router learns from the auxiliary loss alone.
 */
export const noisyTopk = defineRouter({
  title: 'Noisy top-k',
  source: 'Shazeer et al. 2017, arXiv 1701.06538, sections 2.1 and 4 and appendix A, equations 3 to 11',
  options: {
    topK: wholeNumber(2, 1, 64, 'experts per token'),
    importanceWeight: number(1, 0, 1e6, 'factor of the importance term of the auxiliary loss'),
    loadWeight: number(1, 0, 1e6, 'factor of the load term of the auxiliary loss'),
  },
  create: (options) => ({
    topK: options.topK,
    learned: true,
    reads: ['logits', 'noiseLogits'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * options.topK,
    ownCapacity: null,
    route: (input, into) => route(input, into, options.topK),
    auxiliaryLoss: (input) => {
      const { importance, load } = sumsOf(input, options.topK);
      return options.importanceWeight * squaredVariation(importance) + options.loadWeight * squaredVariation(load);
    },
    backward: (input, assignment, gradient) => backward(input, assignment, gradient, options),
  }),
});

interface Options {
  readonly topK: number;
  readonly importanceWeight: number;
  readonly loadWeight: number;
}

function route(input: RouterInput, into: Assignment, topK: number): void {
  const gate = openNoisyGate(input, topK);
  for (let token = 0, row = 0; token < input.tokens; token++, row += topK) {
    gate.read(token);
    for (let choice = 0; choice < topK; choice++) {
      into.expert[row + choice] = gate.best[choice];
      into.weight[row + choice] = gate.share[choice];
    }
  }
  seatByChoice(input, into, topK, null);
}

/** [E] each. */
function sumsOf(input: RouterInput, topK: number): { importance: Float64Array; load: Float64Array } {
  const gate = openNoisyGate(input, topK);
  const importance = new Float64Array(input.experts);
  const load = new Float64Array(input.experts);
  for (let token = 0; token < input.tokens; token++) {
    gate.read(token);
    for (let choice = 0; choice < topK; choice++) importance[gate.best[choice]] += gate.share[choice];
    addLoad(load, input, gate, topK, token);
  }
  return { importance, load };
}

/** Through the softmax over the chosen, dH_i = w_i (dw_i - sum_j dw_j w_j), and through the load; then dlogit += dH, ddeviation += normal dH. */
function backward(
  input: RouterInput,
  { slot }: Assignment,
  gradient: RouterGradient,
  { topK, importanceWeight, loadWeight }: Options,
): void {
  const { tokens, experts } = input;
  const sums = sumsOf(input, topK);
  const dImportance = squaredVariationGradient(sums.importance).map((value) => value * importanceWeight * gradient.auxiliaryLoss);
  const dLoad = squaredVariationGradient(sums.load).map((value) => value * loadWeight * gradient.auxiliaryLoss);
  const gate = openNoisyGate(input, topK);
  const noiseLogits = required(input, 'noiseLogits');
  const dShare = new Float64Array(topK);
  const parts = { dLogits: new Float64Array(experts), dNoisy: new Float64Array(experts), dDeviation: new Float64Array(experts) };
  for (let token = 0, at = 0, row = 0; token < tokens; token++, at += experts, row += topK) {
    gate.read(token);
    for (const part of [parts.dLogits, parts.dNoisy, parts.dDeviation]) part.fill(0);
    let along = 0;
    for (let choice = 0; choice < topK; choice++) {
      dShare[choice] = dImportance[gate.best[choice]] + (slot[row + choice] >= 0 ? gradient.weight[row + choice] : 0);
      along += dShare[choice] * gate.share[choice];
    }
    for (let choice = 0; choice < topK; choice++) parts.dNoisy[gate.best[choice]] += gate.share[choice] * (dShare[choice] - along);
    addLoadGradient(dLoad, input, gate, topK, token, parts);
    for (let e = 0; e < experts; e++) {
      gradient.logits[at + e] += parts.dLogits[e] + parts.dNoisy[e];
      if (gradient.noiseLogits === undefined) continue;
      gradient.noiseLogits[at + e] += (parts.dDeviation[e] + gate.noise[e] * parts.dNoisy[e]) * sigmoid(noiseLogits[at + e]);
    }
  }
}
