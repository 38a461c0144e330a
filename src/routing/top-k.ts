import type { Assignment } from './assignment.ts';
import { addChosenGradient, addSoftmaxOverChosenGradient, type Normalisation, renormaliseKept, weighChosen } from './chosen-weights.ts';
import type { RouterRules } from './define-router.ts';
import { gumbelNoise } from './drawn-noise.ts';
import { balanceGradient, balanceLossOf, countChoices } from './load-balance.ts';
import { rankTokens } from './rank-tokens.ts';
import { required } from './required.ts';
import type { RouterGradient, RouterInput, RouterRead } from './router.ts';
import { seatByChoice, seatByToken } from './seat-choices.ts';
import { addThroughSoftmax } from './softmax-gradient.ts';
import { chooseTop, chooseTopOfRow } from './top-choices.ts';

/** Who is served first when an expert has too few slots. */
export const PRIORITIES = ['choice-major', 'token-major', 'batch-prioritised', 'random'] as const;
type Priority = (typeof PRIORITIES)[number];

interface TopKOptions {
  readonly topK: number;
  readonly normalise: Normalisation;
  readonly priority: Priority;
  readonly secondChoice: 'next' | 'gumbel';
}

/**
 * Top-k in all its variants; row = token * k + choice. The auxiliary loss counts all k choices, E sum of f_e P_e with f_e = choices of e / S, so that
 * it is k when routing is uniform.
 */
export function topKRules(options: TopKOptions): RouterRules {
  const { topK, normalise, priority, secondChoice } = options;
  const readsLogits = normalise === 'softmax-over-chosen' || secondChoice === 'gumbel';
  return {
    topK,
    learned: true,
    reads: ['probabilities', ...(readsLogits ? (['logits'] satisfies RouterRead[]) : [])],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * topK,
    ownCapacity: null,
    ...(priority === 'choice-major' || (priority === 'token-major' && topK === 1)
      ? {}
      : { ownRule: { words: `who is served first (${priority})`, about: 'slots' } }),
    route: (input, into) => {
      if (secondChoice === 'gumbel' && input.training) chooseWithGumbelNoise(input, topK, into);
      else chooseTop(required(input, 'probabilities'), input.experts, topK, into.expert, into.weight);
      const order = queueOrder(input, into, options);
      weighChosen(input, into, topK, normalise);
      if (priority === 'token-major') seatByToken(input, into);
      else seatByChoice(input, into, topK, order);
      if (normalise === 'after-drop') renormaliseKept(into, topK);
    },
    auxiliaryLoss: (input, assignment) => balanceLossOf(input, countChoices(assignment, input.experts)),
    backward: (input, assignment, gradient) => backward(input, assignment, gradient, options),
  };
}

/** First choices by probability; the others by logit + Gumbel noise, which draws them in proportion to exp(logit), without repeats. */
function chooseWithGumbelNoise(input: RouterInput, topK: number, { expert, weight }: Assignment): void {
  const { tokens, experts, draw } = input;
  const probabilities = required(input, 'probabilities');
  const logits = required(input, 'logits');
  const noisy = new Float32Array(experts);
  for (let token = 0, at = 0, row = 0; token < tokens; token++, at += experts, row += topK) {
    chooseTopOfRow(probabilities, at, experts, 1, expert, weight, row);
    if (topK === 1) continue;
    for (let e = 0; e < experts; e++) noisy[e] = logits[at + e] + gumbelNoise(draw(token, e));
    noisy[expert[row]] = Number.NEGATIVE_INFINITY;
    chooseTopOfRow(noisy, 0, experts, topK - 1, expert, weight, row + 1);
    for (let i = row + 1; i < row + topK; i++) weight[i] = probabilities[at + expert[i]];
  }
}

/** [S]: tokens as they queue; null for as they stand. `weight` still holds probabilities. */
function queueOrder(input: RouterInput, { weight }: Assignment, { topK, priority }: TopKOptions): Int32Array | null {
  if (priority === 'batch-prioritised') return rankedBy(firstOf(weight, topK));
  return priority === 'random' && input.training ? rankedBy(drawnKeys(input)) : null;
}

function rankedBy(keys: Float32Array): Int32Array {
  const order = new Int32Array(keys.length);
  rankTokens(keys, order);
  return order;
}

function firstOf(probability: Float32Array, topK: number): Float32Array {
  const first = new Float32Array(probability.length / topK);
  for (let token = 0; token < first.length; token++) first[token] = probability[token * topK];
  return first;
}

/** [S]: a random key for each token; noise of the choices is drawn at indices below E, this at E. */
function drawnKeys({ tokens, experts, draw }: RouterInput): Float32Array {
  const keys = new Float32Array(tokens);
  for (let token = 0; token < tokens; token++) keys[token] = draw(token, experts);
  return keys;
}

function backward(input: RouterInput, assignment: Assignment, gradient: RouterGradient, { topK, normalise }: TopKOptions): void {
  const balance = balanceGradient(countChoices(assignment, input.experts), input.tokens, gradient.auxiliaryLoss);
  if (normalise === 'softmax-over-chosen') {
    addThroughSoftmax(input, gradient, balance, () => {
      // Weights reach the logits without the probabilities.
    });
    addSoftmaxOverChosenGradient(input, assignment, gradient, topK);
    return;
  }
  addThroughSoftmax(input, gradient, balance, (token, dProbabilities) =>
    addChosenGradient(input, assignment, gradient.weight, token, topK, normalise, dProbabilities),
  );
}
