import {
  type Claim,
  type ClaimOutcome,
  EXPERIMENT_MEASURES,
  type ExperimentMeasure,
  type ExperimentRun,
  type ExperimentVariant,
  type Gain,
  type GainOutcome,
  type MeanInterval,
  meanInterval95,
  pairedDifference95,
} from '../../result/index.ts';
import { withEqualTime } from './measures.ts';

/** Runs of a variant, one for each seed in the order of these. */
export interface VariantRuns {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly runs: readonly ExperimentRun[];
}

/** Measures over the seeds. Times are compared where the quickest variant ends. */
export function summariseVariants(variants: readonly VariantRuns[]): ExperimentVariant[] {
  const ends = variants.flatMap(({ runs }) => runs.flatMap(({ curve }) => curve.seconds.at(-1) ?? []));
  const equalSeconds = Math.min(...ends);
  return variants.map(({ name, settings, runs }) => {
    const timed = withEqualTime(runs, equalSeconds);
    const measures = Object.keys(EXPERIMENT_MEASURES).flatMap((measure) => {
      const values = valuesOf(timed, measure as ExperimentMeasure);
      return values === null ? [] : [[measure, meanInterval95(values)] as const];
    });
    return { name, settings, runs: timed, measures: Object.fromEntries(measures) };
  });
}

export function judge(claims: readonly Claim[], variants: readonly ExperimentVariant[]): ClaimOutcome[] {
  return claims.map((claim) => {
    const [ours, theirs] = [claim.variant, claim.than].map((name) => {
      const variant = variants.find((one) => one.name === name);
      return variant === undefined ? null : valuesOf(variant.runs, claim.measure);
    });
    const difference = ours === null || theirs === null ? null : pairedDifference95(ours, theirs);
    return { ...claim, difference, verdict: verdictOf(claim, difference) };
  });
}

/** Shares of gains that the seeds show. */
export function keptGains(gains: readonly Gain[], variants: readonly ExperimentVariant[]): GainOutcome[] {
  return gains.map((gain) => {
    const [own, best, plain] = [gain.variant, gain.with, gain.without].map((name) => {
      const variant = variants.find((one) => one.name === name);
      return variant === undefined ? null : valuesOf(variant.runs, gain.measure);
    });
    if (own === null || best === null || plain === null || pairedDifference95(best, plain).interval[1] >= 0) return { ...gain, kept: null };
    return { ...gain, kept: meanInterval95(own.map((value, seed) => (plain[seed] - value) / (plain[seed] - best[seed]))) };
  });
}

function verdictOf({ is }: Claim, difference: MeanInterval | null): ClaimOutcome['verdict'] {
  if (difference === null) return 'not measured';
  const [low, high] = difference.interval;
  if (low <= 0 && high >= 0) return 'not seen at this size';
  return high < 0 === (is === 'lower') ? 'seen' : 'contradicted';
}

/** One for each seed; null where a run has none. */
function valuesOf(runs: readonly ExperimentRun[], measure: ExperimentMeasure): number[] | null {
  const values = runs.flatMap(({ measures }) => measures[measure] ?? []);
  return values.length === runs.length && values.length > 0 ? values : null;
}
