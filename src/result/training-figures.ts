import type { Evaluation, LearnedLayer, TrainingResult } from './training-result.ts';

/** What a page and a terminal both say about a training run. */
export interface TrainingFigures {
  readonly steps: number;
  /** Null where nothing was held out. */
  readonly firstEvaluation: Evaluation | null;
  readonly lastEvaluation: Evaluation | null;
  /** Over the last tenth of the steps, at least one. */
  readonly lateDropRate: number;
  readonly lateSteps: number;
  readonly simulatedSeconds: number;
  /** In the order of the result; bytes of one step. */
  readonly bytes: readonly ByteRow[];
  /** Rows whose counted bytes are not those that were predicted. */
  readonly differing: number;
}

export interface ByteRow {
  readonly collective: string;
  readonly axis: string;
  readonly counted: number;
  readonly predicted: number;
}

export function trainingFigures(result: TrainingResult): TrainingFigures {
  const steps = result.losses.length;
  const lateSteps = Math.max(1, Math.round(steps / 10));
  const late = result.dropRates.slice(-lateSteps);
  const bytes = Object.entries(result.bytes).flatMap(([collective, axes]) =>
    Object.entries(axes).map(([axis, { counted, predicted }]) => ({ collective, axis, counted, predicted })),
  );
  return {
    steps,
    firstEvaluation: result.evaluations[0] ?? null,
    lastEvaluation: result.evaluations.at(-1) ?? null,
    lateDropRate: late.length === 0 ? 0 : late.reduce((sum, rate) => sum + rate, 0) / late.length,
    lateSteps: Math.min(lateSteps, steps),
    simulatedSeconds: result.simulatedSeconds.at(-1) ?? 0,
    bytes,
    differing: bytes.filter(({ counted, predicted }) => counted !== predicted).length,
  };
}

/** Nats a word into bits a word, which are bits a byte: the words of a text are its bytes. */
export function bitsOf(nats: number): number {
  return nats / Math.LN2;
}

/** `2.483`: three digits behind the point, in which runs that differ show it. */
export function formatLoss(loss: number): string {
  return Number.isFinite(loss) ? loss.toFixed(3) : 'not known';
}

/** Shares of the choices that were kept by each expert; all 0 where none was. */
export function sharesOf(kept: readonly number[]): number[] {
  const sum = kept.reduce((total, count) => total + count, 0);
  return kept.map((count) => (sum === 0 ? 0 : count / sum));
}

export function expertsOf({ kept, keptOfTexts }: LearnedLayer): number {
  return kept[0]?.length ?? keptOfTexts[0]?.length ?? 0;
}
