import { EXPERIMENT_MEASURES, type ExperimentMeasure, type ExperimentVariant } from './experiment-result.ts';
import { formatSeconds, formatShare } from './format.ts';
import type { MeanInterval } from './statistics.ts';

/** Heads of columns. */
export const MEASURE_LABELS: Readonly<Record<ExperimentMeasure, string>> = {
  heldOutLoss: 'held-out loss',
  lossAtEqualTime: 'loss at equal time',
  secondsPerStep: 'step on the pod',
  dropRate: 'dropped at the end',
  firstDropRate: 'dropped at first',
  divergence: 'diverged',
};

/** Those that any variant has, in their order. */
export function shownMeasures(variants: readonly ExperimentVariant[]): ExperimentMeasure[] {
  const all = Object.keys(EXPERIMENT_MEASURES) as ExperimentMeasure[];
  return all.filter((measure) => variants.some(({ measures }) => measures[measure] !== undefined));
}

/** `2.808 ± 0.108`; a spread that rounding alone can make is none. */
export function formatMeasureInterval(measure: ExperimentMeasure, { mean, interval }: MeanInterval): string {
  const text = formatOf(measure);
  const half = (interval[1] - interval[0]) / 2;
  const spread = half < Math.abs(mean) * ROUNDING ? '' : ` ± ${text(half)}`;
  return `${mean < 0 ? '−' : ''}${text(Math.abs(mean))}${spread}`;
}

/** `−0.012 ± 0.028`; of shares `−28.7 ± 9.25 points`, because a percentage of a percentage would be another number. */
export function formatMeasureDifference(measure: ExperimentMeasure, difference: MeanInterval): string {
  const text = formatMeasureInterval(measure, difference);
  return formatOf(measure) === formatShare ? `${text.replaceAll(' %', '')} points` : text;
}

/** `30.1 % ± 4.2 %` */
export function formatShareInterval({ mean, interval }: MeanInterval): string {
  return `${mean < 0 ? '−' : ''}${formatShare(Math.abs(mean))} ± ${formatShare((interval[1] - interval[0]) / 2)}`;
}

const ROUNDING = 1e-9;

function formatOf(measure: ExperimentMeasure): (value: number) => string {
  if (measure === 'secondsPerStep') return formatSeconds;
  return measure === 'heldOutLoss' || measure === 'lossAtEqualTime' ? (value) => value.toFixed(3) : formatShare;
}
