import type { Numerics } from '../numerics.ts';
import { expectElements, expectThat } from './check-shape.ts';

export interface CrossEntropyOptions {
  /** s, in [0, 1); 0 when absent. */
  readonly labelSmoothing?: number;
  /** z; 0 when absent. */
  readonly zLoss?: number;
  /** Target of padding; -1 when absent. */
  readonly ignored?: number;
}

export interface CrossEntropyTargets extends CrossEntropyOptions {
  readonly targets: Int32Array;
}

/** The options with defaults, of targets that are classes of the vocabulary or padding. */
export function expectTargets(
  fn: string,
  tokens: number,
  vocabulary: number,
  { targets, labelSmoothing = 0, zLoss = 0, ignored = -1 }: CrossEntropyTargets,
): Required<CrossEntropyOptions> {
  expectElements(fn, 'targets', targets, tokens, `${tokens} tokens`);
  expectThat(labelSmoothing >= 0 && labelSmoothing < 1, fn, 'labelSmoothing', 'must be at least 0 and below 1', labelSmoothing);
  for (let t = 0; t < tokens; t++) {
    const fits = targets[t] === ignored || (targets[t] >= 0 && targets[t] < vocabulary);
    expectThat(fits, fn, `targets[${t}]`, `must be below ${vocabulary}, or ${ignored} for padding`, targets[t]);
  }
  return { labelSmoothing, zLoss, ignored };
}

/** q of the target and of every other class. */
export function wantedShares(
  { round }: Numerics,
  vocabulary: number,
  labelSmoothing: number,
): { readonly target: number; readonly others: number } {
  if (vocabulary === 1) return { target: 1, others: 0 };
  return { target: round(1 - labelSmoothing), others: round(labelSmoothing / (vocabulary - 1)) };
}
