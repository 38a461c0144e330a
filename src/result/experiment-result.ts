import type { Scenario } from '../scenario/index.ts';
import type { MeanInterval } from './statistics.ts';
import type { Provenance } from './types.ts';

export const EXPERIMENT_SCHEMA = 'switchyard/experiment/1';

/** What an experiment reads off each run; the lower the better, all of them. */
export const EXPERIMENT_MEASURES = {
  heldOutLoss: 'nats a word on text that was never learned from, at the end',
  lossAtEqualTime: 'nats a word that is learned from, in the last tenth of the time that the quickest variant takes on the simulated pod',
  secondsPerStep: 'time of a step on the simulated pod',
  dropRate: 'share of choices without a slot, in the mean of the last tenth of the steps',
  firstDropRate: 'share of choices without a slot, in the mean of the first tenth of the steps',
  divergence: 'share of seeds whose run met a loss or gradient that was no number, or ended above the loss of its first step',
} as const;
export type ExperimentMeasure = keyof typeof EXPERIMENT_MEASURES;

/** Variants of a scenario, each learned from the same seeds, and what was claimed of them elsewhere. Plain JSON. */
export interface ExperimentResult {
  readonly schema: typeof EXPERIMENT_SCHEMA;
  readonly name: string;
  readonly question: string;
  readonly scenario: Scenario;
  readonly seeds: readonly number[];
  readonly variants: readonly ExperimentVariant[];
  readonly claims: readonly ClaimOutcome[];
  /** Shares of a gain that others keep; empty where nobody asks. */
  readonly gains: readonly GainOutcome[];
  readonly fingerprint: string;
  readonly provenance: Pick<Provenance, 'version' | 'node' | 'startedAt' | 'wallSeconds'>;
}

export interface ExperimentVariant {
  readonly name: string;
  /** Dotted path -> value, in place of the scenario's. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** One for each seed. */
  readonly runs: readonly ExperimentRun[];
  /** Over the seeds; a measure that a run does not have is left out. */
  readonly measures: Readonly<Partial<Record<ExperimentMeasure, MeanInterval>>>;
}

export interface ExperimentRun {
  readonly seed: number;
  readonly fingerprint: string;
  readonly measures: Readonly<Partial<Record<ExperimentMeasure, number>>>;
  /** The step that met a value that was no number, here or in the run that this one follows; null where none did. */
  readonly divergedAt: number | null;
  /** At most 64 points: step, when it ended on the pod, mean loss and drop rate since the point before. */
  readonly curve: {
    readonly steps: readonly number[];
    readonly seconds: readonly number[];
    readonly losses: readonly number[];
    readonly dropRates: readonly number[];
  };
  /** Names of the texts, and layer by layer [texts][experts]: choices of their held-out words at the end. */
  readonly choices: {
    readonly texts: readonly string[];
    readonly layers: readonly { readonly layer: number; readonly kept: readonly (readonly number[])[] }[];
  };
}

/** A claim, and what the seeds say of it. */
export interface Claim {
  /** This variant has less of the measure than the other one, or more. */
  readonly variant: string;
  readonly than: string;
  readonly measure: ExperimentMeasure;
  readonly is: 'lower' | 'higher';
  readonly source: string;
}

export interface ClaimOutcome extends Claim {
  /** `variant` minus `than`, seed by seed; null where a run has no such measure. */
  readonly difference: MeanInterval | null;
  readonly verdict: ClaimVerdict;
}

/** An effect that is smaller than its interval is not seen; one that is larger and the other way round contradicts the claim. */
export type ClaimVerdict = 'seen' | 'not seen at this size' | 'contradicted' | 'not measured';

/** What a variant keeps of the gain of another one over a third: (without - variant) / (without - with). */
export interface Gain {
  readonly variant: string;
  readonly with: string;
  readonly without: string;
  readonly measure: ExperimentMeasure;
  readonly source: string;
}

export interface GainOutcome extends Gain {
  /** Over the seeds; null where a run has no such measure, or where the seeds do not show the gain itself. */
  readonly kept: MeanInterval | null;
}
