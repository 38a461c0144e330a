import { evaluationOf, lookAtHeldOut } from '../../emulate/index.ts';
import type { LearningSpec } from '../../scenario/index.ts';
import type { PodRun } from './pod-run.ts';

/** What a model gives held-out text. */
export interface HeldOutEvaluation {
  /** Mean over the words; [texts] the same of each text, NaN where no batch had any of it. */
  readonly crossEntropy: number;
  readonly ofTexts: readonly number[];
  /** [Switch layers][texts][experts]: choices that each expert got of the words of each text. */
  readonly kept: readonly (readonly (readonly number[])[])[];
}

/** On words that are never learned from; null where none are held out. Evaluations cost the simulated pod no time. */
export async function evaluate(run: PodRun, { heldOutShare, evaluateBatches }: LearningSpec): Promise<HeldOutEvaluation | null> {
  if (heldOutShare === 0) return null;
  const texts = run.plan.corpus.texts.length;
  const [losses, words] = [0, 1].map(() => new Array<number>(texts).fill(0));
  let kept: number[][][] | null = null;
  for (let batch = 0; batch < evaluateBatches; batch++) {
    await run.step(lookAtHeldOut(batch));
    const found = evaluationOf(run.plan, run.buffer, batch);
    for (let text = 0; text < texts; text++) {
      losses[text] += found.losses[text];
      words[text] += found.words[text];
    }
    kept = found.kept.map((layer, i) => layer.map((counts, text) => counts.map((count, expert) => count + (kept?.[i][text][expert] ?? 0))));
  }
  return { crossEntropy: total(losses) / total(words), ofTexts: losses.map((loss, text) => loss / words[text]), kept: kept ?? [] };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
