import { exp } from '../../base/index.ts';
import type { Assignment } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceGradient, balanceLoss, countChoices } from '../load-balance.ts';
import { wholeNumber } from '../options.ts';
import { required } from '../required.ts';
import type { RouterGradient, RouterInput } from '../router.ts';
import { seatByChoice } from '../seat-choices.ts';
import { chooseTop } from '../top-choices.ts';

/**
 * Task-level mixture of experts: all tokens of a task (or language) share their experts, so that at serving time only these need to be loaded.
 * The task's logits are the mean of its tokens' logits in the group, which stands in for the gate on a task embedding:
 *
 *   m_d = mean of l_s over the n_d tokens s of task d      q_d = softmax(m_d)      experts = the k largest of q_d      weight = q_d[expert]
 *   auxiliary loss = E sum of f_e P_e,   f_e = choices of e / S,   P_e = sum over tasks of q_d[e] n_d / S
 */
export const task = defineRouter({
  title: 'Task-level',
  source: 'Kudugunta et al. 2021, arXiv 2110.03742, section 3',
  options: { topK: wholeNumber(2, 1, 64, 'experts per task') },
  create: ({ topK }) => ({
    topK,
    learned: true,
    reads: ['logits', 'domains'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * topK,
    ownCapacity: null,
    route: (input, into) => route(input, into, topK),
    auxiliaryLoss: (input, assignment) =>
      balanceLoss(countChoices(assignment, input.experts), sumOverTokens(tasksOf(input), input.experts), input.tokens),
    backward: (input, assignment, gradient) => backward(input, assignment, gradient, topK),
  }),
});

/** The tasks of a group, numbered as they appear. */
interface Tasks {
  /** [S] */
  readonly taskOfToken: Int32Array;
  /** [tasks]: n_d. */
  readonly tokens: Int32Array;
  /** [tasks, E]: m_d. */
  readonly logits: Float32Array;
  /** [tasks, E]: q_d. */
  readonly probabilities: Float64Array;
}

function route(input: RouterInput, into: Assignment, topK: number): void {
  const { experts } = input;
  const { taskOfToken, tokens, logits, probabilities } = tasksOf(input);
  const chosen = new Int32Array(tokens.length * topK);
  const means = new Float32Array(chosen.length);
  chooseTop(logits, experts, topK, chosen, means);
  for (let token = 0; token < input.tokens; token++) {
    const d = taskOfToken[token];
    for (let choice = 0; choice < topK; choice++) {
      const expert = chosen[d * topK + choice];
      into.expert[token * topK + choice] = expert;
      into.weight[token * topK + choice] = probabilities[d * experts + expert];
    }
  }
  seatByChoice(input, into, topK, null);
}

function tasksOf(input: RouterInput): Tasks {
  const { experts } = input;
  const logits = required(input, 'logits');
  const { taskOfToken, tokens } = numberTasks(required(input, 'domains'));
  const sums = new Float64Array(tokens.length * experts);
  for (let token = 0; token < taskOfToken.length; token++) {
    const at = taskOfToken[token] * experts;
    for (let e = 0; e < experts; e++) sums[at + e] += logits[token * experts + e];
  }
  const means = new Float32Array(sums.length);
  for (let i = 0; i < sums.length; i++) means[i] = sums[i] / tokens[Math.floor(i / experts)];
  const probabilities = new Float64Array(sums.length);
  for (let at = 0; at < sums.length; at += experts) softmaxRow(means.subarray(at, at + experts), probabilities.subarray(at, at + experts));
  return { taskOfToken, tokens, logits: means, probabilities };
}

function numberTasks(domains: Int32Array): Pick<Tasks, 'taskOfToken' | 'tokens'> {
  const numbers = new Map<number, number>();
  const taskOfToken = new Int32Array(domains.length);
  const tokens: number[] = [];
  for (let token = 0; token < domains.length; token++) {
    const number = numbers.get(domains[token]) ?? numbers.size;
    if (number === numbers.size) {
      numbers.set(domains[token], number);
      tokens.push(0);
    }
    taskOfToken[token] = number;
    tokens[number]++;
  }
  return { taskOfToken, tokens: Int32Array.from(tokens) };
}

function softmaxRow(logits: Float32Array, into: Float64Array): void {
  const top = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let e = 0; e < logits.length; e++) {
    into[e] = exp(logits[e] - top);
    sum += into[e];
  }
  for (let e = 0; e < logits.length; e++) into[e] /= sum;
}

/** [E]: what the tokens' shared probabilities sum to. */
function sumOverTokens({ tokens, probabilities }: Tasks, experts: number): Float64Array {
  const sums = new Float64Array(experts);
  for (let i = 0; i < probabilities.length; i++) sums[i % experts] += tokens[Math.floor(i / experts)] * probabilities[i];
  return sums;
}

/** dm = q (dq - sum of dq q), and every token of the task has 1 / n_d of it. */
function backward(input: RouterInput, assignment: Assignment, gradient: RouterGradient, topK: number): void {
  const { experts } = input;
  const { taskOfToken, tokens, probabilities } = tasksOf(input);
  const balance = balanceGradient(countChoices(assignment, experts), input.tokens, gradient.auxiliaryLoss);
  const dLogits = new Float64Array(probabilities.length);
  for (let i = 0; i < dLogits.length; i++) dLogits[i] = tokens[Math.floor(i / experts)] * balance[i % experts];
  for (let row = 0; row < assignment.expert.length; row++) {
    const at = taskOfToken[Math.floor(row / topK)] * experts;
    if (assignment.slot[row] >= 0) dLogits[at + assignment.expert[row]] += gradient.weight[row];
  }
  for (let d = 0, at = 0; d < tokens.length; d++, at += experts) {
    let along = 0;
    for (let e = at; e < at + experts; e++) along += dLogits[e] * probabilities[e];
    for (let e = at; e < at + experts; e++) dLogits[e] = (probabilities[e] * (dLogits[e] - along)) / tokens[d];
  }
  for (let token = 0; token < input.tokens; token++) {
    const at = taskOfToken[token] * experts;
    for (let e = 0; e < experts; e++) gradient.logits[token * experts + e] += dLogits[at + e];
  }
}
