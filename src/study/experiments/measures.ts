import type { ExperimentMeasure, ExperimentRun, TrainingResult } from '../../result/index.ts';

const POINTS = 64;

/** What a run that ended is to its experiment. `equalSeconds`: time on the pod at which losses are compared. */
export function runRow(seed: number, result: TrainingResult): ExperimentRun {
  const { losses, crossEntropies, dropRates, simulatedSeconds, evaluations, layers, texts, fingerprint } = result;
  const tenth = Math.max(1, Math.floor(losses.length / 10));
  const heldOut = evaluations.at(-1)?.crossEntropy;
  const isWorse = meanOf(crossEntropies.slice(-tenth)) > crossEntropies[0];
  const measures: Partial<Record<ExperimentMeasure, number>> = {
    ...(heldOut === undefined ? {} : { heldOutLoss: heldOut }),
    secondsPerStep: (simulatedSeconds.at(-1) ?? 0) / simulatedSeconds.length,
    ...(layers.length === 0 ? {} : { dropRate: meanOf(dropRates.slice(-tenth)), firstDropRate: meanOf(dropRates.slice(0, tenth)) }),
    divergence: isWorse ? 1 : 0,
  };
  const routed = layers.filter(({ keptOfTexts }) => keptOfTexts.length > 0).map(({ layer, keptOfTexts }) => ({ layer, kept: keptOfTexts }));
  const choices = { texts: texts.map(({ name }) => name), layers: routed };
  return { seed, fingerprint, measures, divergedAt: null, curve: curveOf(result), choices };
}

/** A run that met a value that was no number has no loss to compare. */
export function divergedRow(seed: number, step: number): ExperimentRun {
  return {
    ...{ seed, fingerprint: `diverged at step ${step}`, measures: { divergence: 1 }, divergedAt: step },
    curve: { steps: [], seconds: [], losses: [], dropRates: [] },
    choices: { texts: [], layers: [] },
  };
}

/** Adds the loss that each run has when the quickest one ends, on the pod: the mean over the last tenth of that time, because batches differ. */
export function withEqualTime(runs: readonly ExperimentRun[], equalSeconds: number): ExperimentRun[] {
  return runs.map((run) => {
    const { seconds, losses } = run.curve;
    const end = equalSeconds * (1 + ROUNDING);
    const late = losses.filter((_, point) => seconds[point] <= end && seconds[point] > end * (1 - LATE));
    return late.length === 0 ? run : { ...run, measures: { ...run.measures, lossAtEqualTime: meanOf(late) } };
  });
}

const ROUNDING = 1e-9;
const LATE = 0.1;

function curveOf({ crossEntropies, dropRates, simulatedSeconds }: TrainingResult): ExperimentRun['curve'] {
  const count = crossEntropies.length;
  const ends = [...new Set(Array.from({ length: POINTS }, (_, point) => Math.round(((point + 1) * count) / POINTS)))].filter(
    (end) => end > 0,
  );
  const since = (values: readonly number[]): number[] =>
    ends.map((end, point) => meanOf(values.slice(point === 0 ? 0 : ends[point - 1], end)));
  return { steps: ends, seconds: ends.map((end) => simulatedSeconds[end - 1]), losses: since(crossEntropies), dropRates: since(dropRates) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
