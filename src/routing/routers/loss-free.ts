import { sigmoid } from '../../base/index.ts';
import type { Assignment } from '../assignment.ts';
import { chooseByGroups, groupMisfit } from '../choose-by-groups.ts';
import { defineRouter } from '../define-router.ts';
import { number, onOff, wholeNumber, word } from '../options.ts';
import { required } from '../required.ts';
import type { RouterGradient, RouterInput } from '../router.ts';
import { seatByChoice } from '../seat-choices.ts';
import { addThroughSoftmax } from '../softmax-gradient.ts';

/**
 * Balancing without a loss: experts are chosen by score + bias and weighed by the score alone; after every step the bias of an expert that had too
 * many tokens falls and that of the others rises (`updateBias`).
 *
 *   s = sigmoid(logits), or their softmax     chosen = the k largest of s + b     w_i = scale s_i / (sum of the chosen s + 1e-20)
 *
 * With expertGroups above 1 a token may choose only within its chosenGroups best groups of E / expertGroups neighbouring experts; a group counts by the
 * sum of its two largest s + b. Weights are fixed before anything is dropped; all first choices queue before all second ones. With k = 1 normalised
 * weights teach the router nothing. Shared experts, which every token visits, are a matter of the model, and the
 * complementary loss within sequences is left out.
 */
export const lossFree = defineRouter({
  title: 'Loss-free balancing',
  source:
    'DeepSeek-AI 2024, arXiv 2412.19437, section 2.1.2; Wang et al. 2024, arXiv 2408.15664; 1e-20: huggingface/transformers modeling_deepseek_v3.py',
  options: {
    topK: wholeNumber(2, 1, 64, 'experts per token'),
    scores: word(['sigmoid', 'softmax'], 'sigmoid', 'what makes scores of logits'),
    normalise: onOff(true, 'whether the weights of the chosen experts are brought to the sum 1 before scale'),
    scale: number(1, 1e-6, 1e6, 'what weights are multiplied by'),
    expertGroups: wholeNumber(1, 1, 4096, 'groups of neighbouring experts, a device each for example'),
    chosenGroups: wholeNumber(1, 1, 4096, 'groups that a token may choose its experts from'),
  },
  create: (options) => ({
    topK: options.topK,
    learned: true,
    reads: [options.scores === 'softmax' ? 'probabilities' : 'logits', 'bias'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * options.topK,
    misfit: (experts) => groupMisfit(experts, options),
    ownCapacity: null,
    gateScores: (input) => scoresOf(input, options),
    route: (input, into) => route(input, into, options),
    auxiliaryLoss: () => 0,
    backward: (input, assignment, gradient) => backward(input, assignment, gradient, options),
  }),
});

interface Options {
  readonly topK: number;
  readonly scores: 'sigmoid' | 'softmax';
  readonly normalise: boolean;
  readonly scale: number;
  readonly expertGroups: number;
  readonly chosenGroups: number;
}

const EPSILON = 1e-20;

function route(input: RouterInput, into: Assignment, options: Options): void {
  const { topK, normalise, scale } = options;
  const scores = scoresOf(input, options);
  chooseByGroups(scores, required(input, 'bias'), options, into.expert);
  for (let token = 0, row = 0; token < input.tokens; token++, row += topK) {
    const at = token * input.experts;
    const factor = normalise ? scale / sumOfChosen(scores, at, into.expert, row, topK) : scale;
    for (let i = row; i < row + topK; i++) into.weight[i] = scores[at + into.expert[i]] * factor;
  }
  seatByChoice(input, into, topK, null);
}

/** [S, E] in f32. */
function scoresOf(input: RouterInput, { scores }: Options): Float32Array {
  if (input.gateScores !== undefined) return input.gateScores;
  if (scores === 'softmax') return required(input, 'probabilities');
  const logits = required(input, 'logits');
  const activated = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i++) activated[i] = sigmoid(logits[i]);
  return activated;
}

function sumOfChosen(scores: Float32Array, at: number, expert: Int32Array, row: number, topK: number): number {
  let sum = EPSILON;
  for (let i = row; i < row + topK; i++) sum += scores[at + expert[i]];
  return sum;
}

/** With D the sum of the chosen scores: ds_i = scale (dw_i / D - sum_j dw_j s_j / D^2), dw = 0 where a choice has no slot. */
function backward(input: RouterInput, { expert, slot }: Assignment, gradient: RouterGradient, options: Options): void {
  const { topK, normalise, scale } = options;
  const { experts } = input;
  const scores = scoresOf(input, options);
  const addScores = (token: number, dScores: Float64Array): void => {
    const at = token * experts;
    const row = token * topK;
    const sum = normalise ? sumOfChosen(scores, at, expert, row, topK) : 1;
    let pulled = 0;
    for (let i = row; i < row + topK; i++) if (slot[i] >= 0) pulled += gradient.weight[i] * scores[at + expert[i]];
    const shared = normalise ? pulled / (sum * sum) : 0;
    for (let i = row; i < row + topK; i++) {
      dScores[expert[i]] += scale * ((slot[i] >= 0 ? gradient.weight[i] : 0) / sum - shared);
    }
  };
  if (options.scores === 'softmax') addThroughSoftmax(input, gradient, null, addScores);
  else addThroughSigmoid(input, gradient, addScores);
}

/** dlogit = ds s (1 - s), and 1 - sigmoid(x) = sigmoid(-x). */
function addThroughSigmoid(input: RouterInput, gradient: RouterGradient, addScores: (token: number, dScores: Float64Array) => void): void {
  const { tokens, experts } = input;
  const logits = required(input, 'logits');
  const row = new Float64Array(experts);
  for (let token = 0, at = 0; token < tokens; token++, at += experts) {
    row.fill(0);
    addScores(token, row);
    for (let e = 0; e < experts; e++) {
      if (row[e] !== 0) gradient.logits[at + e] += row[e] * sigmoid(logits[at + e]) * sigmoid(-logits[at + e]);
    }
  }
}
