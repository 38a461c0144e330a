import { assert, type Bytes } from '../base/index.ts';
import type { TensorView } from '../model/index.ts';
import type { CrossEntropySums } from './reference/cross-entropy.ts';
import type { CrossEntropyOptions } from './reference/wanted-classes.ts';

/**
 * Cross-entropy of the vocabulary's logits with label smoothing and z-loss, whose formulas are in reference/cross-entropy.ts.
 *
 * T tokens, V vocabulary, all in f32: logits [T, V], statistics [T, 4], of each token: maximum and sum of e^(logit - maximum) of its row, loss, z-loss (both 0 where its
 * target is `ignored`). Tokens do not depend on each other, so blocks of rows (windows of the tensors) may be computed apart; `crossEntropySums` adds over all.
 * Sums along a row are those of four lanes. Targets are int32 [T]; those outside of the vocabulary are refused.
 */
export interface CrossEntropyKernels {
  /** Fills the statistics. */
  crossEntropy(logits: TensorView, targets: Bytes, options: CrossEntropyOptions, statistics: TensorView): void;
  /**
   * dLogits [T, V] (f32 or bf16) = gradient of the mean loss over all counted tokens times dLoss; zeros where the target is ignored. f32 dLogits may lie where
   * the logits do.
   */
  crossEntropyBackward(
    logits: TensorView,
    targets: Bytes,
    options: CrossEntropyOptions,
    statistics: TensorView,
    mean: MeanOfTokens,
    dLogits: TensorView,
  ): void;
}

export interface MeanOfTokens {
  /** Tokens of the whole batch whose target is not ignored. */
  readonly counted: number;
  /** Gradient of the mean loss: 1, or the scale of the loss. */
  readonly dLoss: number;
}

/** Numbers of a token in its row of the statistics. */
export const TOKEN_STATISTICS = { maximum: 0, sum: 1, loss: 2, zLoss: 3 } as const;
export const STATISTICS_PER_TOKEN = 4;

/** Checks shapes; [tokens, vocabulary]. */
export function crossEntropySizes(kernel: string, logits: TensorView, statistics: TensorView, dLogits = logits): [number, number] {
  const [tokens, vocabulary] = logits.shape;
  assert(logits.dtype === 'f32' && statistics.dtype === 'f32', `${kernel} works in f32`);
  assert(logits.shape.length === 2 && vocabulary > 0, `${kernel} of ${logits.shape.join(' x ')}`);
  const [rows, numbers] = statistics.shape;
  assert(rows === tokens && numbers === STATISTICS_PER_TOKEN, `${kernel}: statistics ${statistics.shape.join(' x ')} of ${tokens} tokens`);
  assert(
    dLogits.shape[0] === tokens && dLogits.shape[1] === vocabulary,
    `${kernel}: ${dLogits.shape.join(' x ')} beside ${tokens} x ${vocabulary}`,
  );
  return [tokens, vocabulary];
}

/** Sums over all tokens in their order, from their statistics [T, 4]; see `meanLoss`. */
export function crossEntropySums(statistics: Float32Array, targets: Int32Array, ignored = -1): CrossEntropySums {
  const fround = Math.fround;
  let [crossEntropySum, zLossSum, counted] = [0, 0, 0];
  for (let t = 0; t < targets.length; t++) {
    if (targets[t] === ignored) continue;
    crossEntropySum = fround(crossEntropySum + statistics[t * STATISTICS_PER_TOKEN + TOKEN_STATISTICS.loss]);
    zLossSum = fround(zLossSum + statistics[t * STATISTICS_PER_TOKEN + TOKEN_STATISTICS.zLoss]);
    counted += 1;
  }
  return { crossEntropySum, zLossSum, counted };
}
