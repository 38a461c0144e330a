import { sigmoid } from '../../base/index.ts';
import type { Assignment } from '../assignment.ts';
import { assignBalanced } from '../balanced-assignment.ts';
import { defineRouter } from '../define-router.ts';
import { onOff } from '../options.ts';
import { required } from '../required.ts';
import type { RouterGradient, RouterInput } from '../router.ts';
import { seatByChoice } from '../seat-choices.ts';
import { chooseTop } from '../top-choices.ts';

/** Rounds after which the published auction settles for a quick end that is not the best (facebookresearch/fairseq fairseq/clib/libbase/balanced_assignment.cpp). */
const AUCTION_ROUNDS = 100;

/**
 * BASE layers: in training the tokens of a group are assigned so that every expert has S / E of them and the sum of their logits is the greatest
 * possible, so there is neither a capacity factor nor an auxiliary loss. At evaluation every token goes to its best expert, as far as
 * C = ceil(S / E) slots reach.
 *
 *   weight = sigmoid(logit of the expert)
 *
 * When E does not divide S, loads differ by at most one. The paper finds the assignment by an auction, near the optimum; here it is the optimum.
 * Four all-to-alls: tokens are shuffled over the devices, so that no device assigns a batch of like tokens, sent to their experts, and both undone. Two without the shuffle.
 */
export const base = defineRouter({
  title: 'BASE',
  source: 'Lewis et al. 2021, arXiv 2103.16716, sections 3.1 and 3.2; facebookresearch/fairseq fairseq/modules/base_layer.py',
  options: {
    shuffle: onOff(true, 'whether tokens are shuffled over the devices before they are assigned, and back after (fairseq --base-shuffle)'),
  },
  create: ({ shuffle }) => ({
    topK: 1,
    learned: true,
    reads: ['logits'],
    allToAlls: shuffle ? 4 : 2,
    assignmentPasses: AUCTION_ROUNDS,
    rows: ({ tokens }) => tokens,
    ownCapacity: ({ tokens, experts }) => Math.ceil(tokens / experts),
    route,
    auxiliaryLoss: () => 0,
    backward,
  }),
});

function route(input: RouterInput, into: Assignment): void {
  const { experts, training } = input;
  const logits = required(input, 'logits');
  if (training) assignBalanced(logits, experts, into.expert);
  else chooseTop(logits, experts, 1, into.expert, into.weight);
  for (let token = 0, at = 0; token < input.tokens; token++, at += experts) into.weight[token] = sigmoid(logits[at + into.expert[token]]);
  seatByChoice(input, into, 1, null);
}

function backward(input: RouterInput, { expert, slot }: Assignment, gradient: RouterGradient): void {
  const logits = required(input, 'logits');
  for (let token = 0; token < input.tokens; token++) {
    if (slot[token] < 0) continue;
    const at = token * input.experts + expert[token];
    // 1 - sigmoid(x) = sigmoid(-x).
    gradient.logits[at] += gradient.weight[token] * sigmoid(logits[at]) * sigmoid(-logits[at]);
  }
}
