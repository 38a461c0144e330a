import { log } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectWhole } from './check-shape.ts';

/**
 * The two losses of a router, unscaled, and their gradients. Losses stay f32 in a bf16 model: the caller passes F32.
 *
 * S tokens, E experts.
 *   counts [E]: tokens whose first choice is e, *before* capacity drops any      probabilities [S, E]      statistics [2, S] of `softmax`
 *   auxiliary loss = E sum over e of f_e P_e,  f_e = counts_e / S,  P_e = mean over s of p_se
 *     (Fedus et al. 2021, arXiv:2101.03961, equations 4 to 6)
 *   dProbabilities_se += dLoss E f_e / S; f is a count and has no gradient
 *   router z-loss = mean over s of (log sum over e of e^logit_se)^2 = mean over s of (m_s + log Z_s)^2
 *     (Zoph et al. 2022, arXiv:2202.08906, equation 5)
 *   dLogits_se += dLoss 2 (m_s + log Z_s) p_se / S
 */
export interface RouterLossShape {
  /** S */
  readonly tokens: number;
  /** E */
  readonly experts: number;
}

/** Load-balancing loss; 1 when routing is uniform. */
export function routerAuxiliaryLoss(numerics: Numerics, shape: RouterLossShape, counts: ArrayLike<number>, probabilities: Reals): number {
  const { round } = numerics;
  const { tokens, experts } = shape;
  checkRouterLoss('routerAuxiliaryLoss', shape, { probabilities });
  expectCounts('routerAuxiliaryLoss', counts, experts);
  let loss = 0;
  for (let e = 0; e < experts; e++) {
    let sum = 0;
    for (let s = 0; s < tokens; s++) sum = round(sum + probabilities[s * experts + e]);
    loss = round(loss + round(round(counts[e] / tokens) * round(sum / tokens)));
  }
  return round(experts * loss);
}

export function routerAuxiliaryLossBackward(
  numerics: Numerics,
  shape: RouterLossShape,
  counts: ArrayLike<number>,
  dLoss: number,
  dProbabilities: Reals,
): void {
  const { round, store } = numerics;
  const { tokens, experts } = shape;
  checkRouterLoss('routerAuxiliaryLossBackward', shape, { dProbabilities });
  expectCounts('routerAuxiliaryLossBackward', counts, experts);
  for (let e = 0; e < experts; e++) {
    const gradient = round(round(dLoss * round(experts * round(counts[e] / tokens))) / tokens);
    for (let at = e; at < tokens * experts; at += experts) dProbabilities[at] = store(dProbabilities[at] + gradient);
  }
}

/** The z-loss from the statistics of the softmax of the logits. */
export function routerZLossOf(numerics: Numerics, shape: RouterLossShape, statistics: Reals): number {
  const { round } = numerics;
  const { tokens } = shape;
  checkRouterLoss('routerZLossOf', shape, {});
  expectElements('routerZLossOf', 'statistics', statistics, 2 * tokens, `2 x ${tokens} tokens`);
  let sum = 0;
  for (let s = 0; s < tokens; s++) {
    const logSumExp = logSumExpOf(numerics, tokens, statistics, s);
    sum = round(sum + round(logSumExp * logSumExp));
  }
  return round(sum / tokens);
}

export function routerZLossOfBackward(
  numerics: Numerics,
  shape: RouterLossShape,
  { probabilities, statistics }: { readonly probabilities: Reals; readonly statistics: Reals },
  dLoss: number,
  dLogits: Reals,
): void {
  const { round, store } = numerics;
  const { tokens, experts } = shape;
  checkRouterLoss('routerZLossOfBackward', shape, { probabilities, dLogits });
  expectElements('routerZLossOfBackward', 'statistics', statistics, 2 * tokens, `2 x ${tokens} tokens`);
  for (let s = 0; s < tokens; s++) {
    const scale = round(round(dLoss * round(2 * logSumExpOf(numerics, tokens, statistics, s))) / tokens);
    for (let at = s * experts; at < (s + 1) * experts; at++) dLogits[at] = store(dLogits[at] + round(scale * probabilities[at]));
  }
}

function logSumExpOf({ round }: Numerics, tokens: number, statistics: Reals, token: number): number {
  return round(statistics[token] + round(log(statistics[tokens + token])));
}

function expectCounts(fn: string, counts: ArrayLike<number>, experts: number): void {
  if (counts.length !== experts) throw new RangeError(`${fn}: counts must have ${experts} elements (one per expert), has ${counts.length}`);
}

function checkRouterLoss(fn: string, { tokens, experts }: RouterLossShape, tensors: Readonly<Record<string, Reals>>): void {
  expectWhole(fn, 'tokens', tokens, 1);
  expectWhole(fn, 'experts', experts, 1);
  for (const [name, tensor] of Object.entries(tensors)) expectElements(fn, name, tensor, tokens * experts, `${tokens} tokens x ${experts}`);
}
