import { exp } from '../../base/index.ts';
import type { Assignment } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { word } from '../options.ts';
import { rankTokens } from '../rank-tokens.ts';
import { required } from '../required.ts';
import type { RouterGradient, RouterInput } from '../router.ts';
import { addThroughSoftmax } from '../softmax-gradient.ts';

/**
 * Expert choice: every expert takes the C tokens with which it scores best, C = int(S * capacityFactor / E), so loads are equal and there is no
 * auxiliary loss; a token may have several experts, or none. Rows stand expert by expert, best token first, and of equal scores the lower token
 * comes first. The weight is the score, a softmax of the token's logits over the experts, or under softmaxOver: tokens of the expert's logits
 * over the tokens of the group (Mesh-TensorFlow's form).
 *
 * Whether a token is taken depends on tokens that come after it, so this cannot generate text: not for causal decoding.
 */
export const expertChoice = defineRouter({
  title: 'Expert choice',
  source:
    'Zhou et al. 2022, arXiv 2202.09368, section 3.2; google/flaxformer@399ea3a flaxformer/architectures/moe/routing.py; ' +
    'softmax over tokens: tensorflow/mesh mesh_tensorflow/transformer/moe.py, expert selection',
  options: {
    softmaxOver: word(
      ['experts', 'tokens'],
      'experts',
      'what the scores sum to 1 over: the experts of a token, or the tokens of the group',
    ),
  },
  create: ({ softmaxOver }) => ({
    // On average; a token's experts number capacityFactor, which the router does not know.
    topK: 1,
    learned: true,
    expertsChoose: true,
    reads: [softmaxOver === 'experts' ? 'probabilities' : 'logits'],
    allToAlls: 2,
    rows: ({ experts, expertCapacity }) => experts * expertCapacity,
    ownCapacity: ({ tokens, experts, capacityFactor }) => Math.min(Math.max(Math.floor((tokens * capacityFactor) / experts), 1), tokens),
    route: (input, into) => {
      const writeColumn = softmaxOver === 'experts' ? probabilityColumn : softmaxColumn;
      route(input, into, writeColumn);
    },
    auxiliaryLoss: () => 0,
    backward: softmaxOver === 'experts' ? backwardOverExperts : backwardOverTokens,
  }),
});

type WriteColumn = (input: RouterInput, expert: number, column: Float32Array) => void;

function route(input: RouterInput, { token, expert, slot, requested, weight }: Assignment, writeColumn: WriteColumn): void {
  const { tokens, experts, expertCapacity } = input;
  const column = new Float32Array(tokens);
  // An expert cannot take more tokens than there are; the slots behind them stay empty.
  const ranked = new Int32Array(Math.min(expertCapacity, tokens));
  for (let e = 0; e < experts; e++) {
    writeColumn(input, e, column);
    rankTokens(column, ranked);
    for (let place = 0; place < expertCapacity; place++) {
      const row = e * expertCapacity + place;
      const taken = place < ranked.length;
      token[row] = taken ? ranked[place] : 0;
      expert[row] = e;
      slot[row] = taken ? place : -1;
      requested[row] = taken ? 1 : 0;
      weight[row] = taken ? column[ranked[place]] : 0;
    }
  }
}

function probabilityColumn(input: RouterInput, expert: number, column: Float32Array): void {
  const probabilities = required(input, 'probabilities');
  const { experts } = input;
  for (let token = 0, at = expert; token < column.length; token++, at += experts) column[token] = probabilities[at];
}

/** softmax over the tokens of one expert's logits. */
function softmaxColumn(input: RouterInput, expert: number, column: Float32Array | Float64Array): void {
  const logits = required(input, 'logits');
  const { experts } = input;
  let top = Number.NEGATIVE_INFINITY;
  for (let at = expert; at < logits.length; at += experts) if (logits[at] > top) top = logits[at];
  let sum = 0;
  for (let at = expert; at < logits.length; at += experts) sum += exp(logits[at] - top);
  for (let token = 0, at = expert; token < column.length; token++, at += experts) column[token] = exp(logits[at] - top) / sum;
}

function backwardOverExperts(input: RouterInput, { token, expert, slot }: Assignment, gradient: RouterGradient): void {
  const { experts } = input;
  const dScores = new Float64Array(input.tokens * experts);
  for (let row = 0; row < token.length; row++) if (slot[row] >= 0) dScores[token[row] * experts + expert[row]] += gradient.weight[row];
  addThroughSoftmax(input, gradient, null, (t, dProbabilities) => {
    for (let e = 0; e < experts; e++) dProbabilities[e] = dScores[t * experts + e];
  });
}

/** Down each expert's column: dlogit_s += p_s (dw_s - sum over the taken tokens of dw p). */
function backwardOverTokens(input: RouterInput, { token, slot }: Assignment, gradient: RouterGradient): void {
  const { tokens, experts, expertCapacity } = input;
  const column = new Float64Array(tokens);
  const dWeight = new Float64Array(tokens);
  for (let e = 0; e < experts; e++) {
    softmaxColumn(input, e, column);
    dWeight.fill(0);
    let along = 0;
    for (let row = e * expertCapacity; row < (e + 1) * expertCapacity; row++) {
      if (slot[row] < 0) continue;
      dWeight[token[row]] = gradient.weight[row];
      along += gradient.weight[row] * column[token[row]];
    }
    for (let t = 0; t < tokens; t++) gradient.logits[t * experts + e] += column[t] * (dWeight[t] - along);
  }
}
