import { exp } from '../base/index.ts';
import type { Assignment } from './assignment.ts';
import { required } from './required.ts';
import type { RouterGradient, RouterInput } from './router.ts';

/**
 * Combine weights of k chosen experts with probabilities p, forward and backward:
 *   none                  w_i = p_i
 *   before-drop           w_i = p_i / (sum of the chosen p + 1e-9)
 *   after-drop            w_i = p_i / max(sum of the p that found a slot, 2^-23)
 *   softmax-over-chosen   w_i = exp(l_i) / sum of exp over the chosen logits l, which is before-drop without its 1e-9 and without underflow
 * With k = 1 the last three give the weight 1 (but for rounding), which teaches the router nothing; it then learns from the auxiliary loss alone.
 */
export const NORMALISATIONS = ['none', 'before-drop', 'after-drop', 'softmax-over-chosen'] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

/** Keeps a quotient finite; of GShard (arXiv 2006.16668, Algorithm 1). */
const EPSILON = 1e-9;
/** Distance from 1 to the next f32; DeepSpeed's bound (deepspeedai/DeepSpeed@edaa722 deepspeed/moe/sharded_moe.py). */
const SMALLEST_SUM = 2 ** -23;

/** Turns the probabilities of the choices in `weight` into their weights, before they are seated; for after-drop they stay what they are. */
export function weighChosen(input: RouterInput, { expert, weight }: Assignment, topK: number, normalise: Normalisation): void {
  if (normalise === 'softmax-over-chosen') softmaxOverChosen(input, expert, topK, weight);
  if (normalise !== 'before-drop') return;
  for (let row = 0; row < weight.length; row += topK) {
    let sum = EPSILON;
    for (let i = row; i < row + topK; i++) sum += weight[i];
    for (let i = row; i < row + topK; i++) weight[i] /= sum;
  }
}

/** after-drop: what each token has left after seating is brought to the sum 1. */
export function renormaliseKept({ weight }: Assignment, topK: number): void {
  for (let row = 0; row < weight.length; row += topK) {
    let sum = 0;
    for (let i = row; i < row + topK; i++) sum += weight[i];
    if (sum < SMALLEST_SUM) sum = SMALLEST_SUM;
    for (let i = row; i < row + topK; i++) weight[i] /= sum;
  }
}

/**
 * Adds dL / dp of one token, for the normalisations that work on probabilities. With s the denominator and N the choices it sums over:
 *   dp_i = dw_i / s - [i in N] sum_j dw_j p_j / s^2,   dw = 0 where a choice has no slot
 */
export function addChosenGradient(
  input: RouterInput,
  { expert, slot }: Assignment,
  dWeight: Float32Array,
  token: number,
  topK: number,
  normalise: Exclude<Normalisation, 'softmax-over-chosen'>,
  dProbabilities: Float64Array,
): void {
  const probabilities = required(input, 'probabilities');
  const at = token * input.experts;
  const from = token * topK;
  let sum = normalise === 'before-drop' ? EPSILON : 0;
  let pulled = 0;
  for (let i = from; i < from + topK; i++) {
    const p = probabilities[at + expert[i]];
    if (normalise === 'before-drop' || slot[i] >= 0) sum += p;
    if (slot[i] >= 0) pulled += dWeight[i] * p;
  }
  // Below the bound the denominator is a constant.
  const bounded = normalise === 'after-drop' && sum < SMALLEST_SUM;
  const scale = normalise === 'none' ? 1 : bounded ? SMALLEST_SUM : sum;
  const shared = normalise === 'none' || bounded ? 0 : pulled / (scale * scale);
  for (let i = from; i < from + topK; i++) {
    const kept = slot[i] >= 0;
    if (kept) dProbabilities[expert[i]] += dWeight[i] / scale;
    if (kept || normalise === 'before-drop') dProbabilities[expert[i]] -= shared;
  }
}

/** softmax-over-chosen: dlogit_i += w_i (dw_i - sum_j dw_j w_j) over the chosen, dw = 0 where a choice has no slot. */
export function addSoftmaxOverChosenGradient(
  input: RouterInput,
  { expert, slot }: Assignment,
  gradient: Pick<RouterGradient, 'weight' | 'logits'>,
  topK: number,
): void {
  const { tokens, experts } = input;
  const share = new Float64Array(tokens * topK);
  softmaxOverChosen(input, expert, topK, share);
  for (let token = 0, row = 0; token < tokens; token++, row += topK) {
    let along = 0;
    for (let i = row; i < row + topK; i++) if (slot[i] >= 0) along += gradient.weight[i] * share[i];
    for (let i = row; i < row + topK; i++) {
      const dWeight = slot[i] >= 0 ? gradient.weight[i] : 0;
      gradient.logits[token * experts + expert[i]] += share[i] * (dWeight - along);
    }
  }
}

function softmaxOverChosen(input: RouterInput, expert: Int32Array, topK: number, weight: Float32Array | Float64Array): void {
  const { tokens, experts } = input;
  const logits = required(input, 'logits');
  for (let token = 0, row = 0; token < tokens; token++, row += topK) {
    const at = token * experts;
    // The first choice is the most probable expert, so no power exceeds 1.
    const top = logits[at + expert[row]];
    let sum = 0;
    for (let i = row; i < row + topK; i++) sum += exp(logits[at + expert[i]] - top);
    for (let i = row; i < row + topK; i++) weight[i] = exp(logits[at + expert[i]] - top) / sum;
  }
}
