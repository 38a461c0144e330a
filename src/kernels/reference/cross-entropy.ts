import { log } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectWhole } from './check-shape.ts';
import { laneSum } from './lane-sum.ts';
import { type CrossEntropyOptions, type CrossEntropyTargets, expectTargets, wantedShares } from './wanted-classes.ts';

export type { CrossEntropyOptions, CrossEntropyTargets };

/**
 * Cross-entropy of the vocabulary's logits, with label smoothing and z-loss; computed with F32 also in a bf16 model.
 *
 * T tokens, V vocabulary, N counted tokens (those whose target is not `ignored`), s labelSmoothing, z zLoss.
 *   logits [T, V]      targets [T]      statistics [2, T]: row maxima, then row sums of e^(logit - maximum)
 *   logZ[t] = maximum + ln sum      p[t, v] = e^(logits[t, v] - maximum) / sum
 *   q[t, v] = 1 - s for the target, s / (V - 1) for every other v; 1 where there is no other
 *   fw  loss[t] = sum over v of q[t, v] ((maximum - logits[t, v]) + ln sum) + z logZ[t]^2, so that a shift of the logits costs no digits
 *   bw  dLogits[t, v] += dLoss / N (p[t, v] (1 + 2 z logZ[t]) - q[t, v]); nothing for ignored tokens
 * The z term: tensorflow/mesh, mesh_tensorflow/layers.py (softmax_cross_entropy_with_logits); smoothing as google-research/t5x, t5x/losses.py,
 * which also takes off the entropy of q, a constant. Sums over v are those of four lanes (lane-sum.ts), sums over t are in order.
 */
export interface CrossEntropyShape {
  /** T. */
  readonly tokens: number;
  /** V. */
  readonly vocabulary: number;
}

/** Sums over the counted tokens, so that shards can add theirs before they divide; the loss is (crossEntropySum + zLossSum) / counted. */
export interface CrossEntropySums {
  readonly crossEntropySum: number;
  /** z times the sum of logZ^2. */
  readonly zLossSum: number;
  /** N. */
  readonly counted: number;
}

export function crossEntropy(
  numerics: Numerics,
  shape: CrossEntropyShape,
  logits: Reals,
  wanted: CrossEntropyTargets,
  statistics: Reals,
): CrossEntropySums {
  const { tokens, vocabulary } = shape;
  const { labelSmoothing, zLoss, ignored } = expectSizes('crossEntropy', shape, logits, wanted, statistics);
  const { round } = numerics;
  const { target, others } = wantedShares(numerics, vocabulary, labelSmoothing);
  let crossEntropySum = 0;
  let zLossSum = 0;
  let counted = 0;
  for (let t = 0; t < tokens; t++) {
    rowStatistics(numerics, shape, logits, t, statistics);
    if (wanted.targets[t] === ignored) continue;
    const logSum = round(log(statistics[tokens + t]));
    const loss = laneSum(numerics, vocabulary, (v) => {
      const q = v === wanted.targets[t] ? target : others;
      // Nothing times the infinite loss of a masked logit is nothing.
      return q === 0 ? 0 : round(q * round(round(statistics[t] - logits[t * vocabulary + v]) + logSum));
    });
    crossEntropySum = round(crossEntropySum + loss);
    const logZ = round(statistics[t] + logSum);
    // The square of a huge logit may be infinite, and nothing times that is NaN.
    if (zLoss !== 0) zLossSum = round(zLossSum + round(zLoss * round(logZ * logZ)));
    counted += 1;
  }
  return { crossEntropySum, zLossSum, counted };
}

/** The mean over the counted tokens; 0 when every token is padding, which has no gradient either. */
export function meanLoss(numerics: Numerics, { crossEntropySum, zLossSum, counted }: CrossEntropySums): number {
  return counted === 0 ? 0 : numerics.round(numerics.round(crossEntropySum + zLossSum) / counted);
}

/** `statistics` are those that forward left; `counted` is N, of all shards where there are several; `dLoss` is the gradient of the mean loss. */
export function crossEntropyBackward(
  numerics: Numerics,
  shape: CrossEntropyShape,
  {
    logits,
    statistics,
    counted,
    dLoss,
  }: { readonly logits: Reals; readonly statistics: Reals; readonly counted: number; readonly dLoss: number },
  wanted: CrossEntropyTargets,
  dLogits: Reals,
): void {
  const { tokens, vocabulary } = shape;
  const { labelSmoothing, zLoss, ignored } = expectSizes('crossEntropyBackward', shape, logits, wanted, statistics);
  expectElements('crossEntropyBackward', 'dLogits', dLogits, tokens * vocabulary, `${tokens} tokens x ${vocabulary}`);
  const { round, store, exp } = numerics;
  const { target, others } = wantedShares(numerics, vocabulary, labelSmoothing);
  const scale = counted === 0 ? 0 : round(dLoss / counted);
  for (let t = 0; t < tokens; t++) {
    if (wanted.targets[t] === ignored) continue;
    const logZ = round(statistics[t] + round(log(statistics[tokens + t])));
    const slope = round(1 + round(round(2 * zLoss) * logZ));
    for (let v = 0; v < vocabulary; v++) {
      const at = t * vocabulary + v;
      const p = round(exp(round(logits[at] - statistics[t])) / statistics[tokens + t]);
      const q = v === wanted.targets[t] ? target : others;
      dLogits[at] = store(dLogits[at] + round(scale * round(round(p * slope) - q)));
    }
  }
}

/** Maximum of row t and sum of e^(logit - maximum). */
function rowStatistics(numerics: Numerics, { tokens, vocabulary }: CrossEntropyShape, logits: Reals, t: number, statistics: Reals): void {
  const from = t * vocabulary;
  let maximum = logits[from];
  for (let v = 1; v < vocabulary; v++) maximum = Math.max(maximum, logits[from + v]);
  statistics[t] = maximum;
  statistics[tokens + t] = laneSum(numerics, vocabulary, (v) => numerics.exp(numerics.round(logits[from + v] - maximum)));
}

function expectSizes(
  fn: string,
  { tokens, vocabulary }: CrossEntropyShape,
  logits: Reals,
  wanted: CrossEntropyTargets,
  statistics: Reals,
): Required<CrossEntropyOptions> {
  expectWhole(fn, 'tokens', tokens, 0);
  expectWhole(fn, 'vocabulary', vocabulary, 1);
  expectElements(fn, 'logits', logits, tokens * vocabulary, `${tokens} tokens x ${vocabulary}`);
  expectElements(fn, 'statistics', statistics, 2 * tokens, `2 x ${tokens} tokens`);
  return expectTargets(fn, tokens, vocabulary, wanted);
}
