import type { Scenario } from '../scenario/index.ts';
import type { Provenance, Warning } from './types.ts';

export const TRAINING_SCHEMA = 'switchyard/training/1';

/** What a model learned on a pod, step by step, as plain JSON. Equal for equal scenario and seed, but for `provenance`, wherever the run was stopped and resumed. */
export interface TrainingResult {
  readonly schema: typeof TRAINING_SCHEMA;
  readonly scenario: Scenario;
  /** Cores that took part, and their slice: `4x4`. Where a layout was given that needs fewer, the smallest slice that has them, and then the one of the scenario is `shrunkFrom`. */
  readonly cores: number;
  readonly slice: string;
  readonly shrunkFrom: string | null;
  readonly texts: readonly LearnedText[];
  /** [steps]: what was minimised, nats a word: cross-entropy and both losses of the routers. */
  readonly losses: readonly number[];
  readonly crossEntropies: readonly number[];
  readonly auxiliaryLosses: readonly number[];
  readonly zLosses: readonly number[];
  /** [steps]: share of the choices of all Switch layers that found no slot. */
  readonly dropRates: readonly number[];
  /** [steps]: when each step ended, in time of the simulated pod. */
  readonly simulatedSeconds: readonly number[];
  /** Cross-entropy of words that are never learned from. */
  readonly evaluations: readonly Evaluation[];
  readonly layers: readonly LearnedLayer[];
  /** collective -> mesh axis -> bytes of one training step from core to core. */
  readonly bytes: Readonly<Record<string, Readonly<Record<string, { readonly counted: number; readonly predicted: number }>>>>;
  /** Numbers of the batches, from 1, that were left out because of a loss or gradient that was no number. */
  readonly skippedBatches: readonly number[];
  readonly warnings: readonly Warning[];
  readonly fingerprint: string;
  readonly provenance: Provenance;
}

export interface LearnedText {
  readonly name: string;
  /** Words that are learned from, and those that are held out. */
  readonly bytes: number;
  readonly heldOutBytes: number;
  /** Null for texts of the user. */
  readonly source: string | null;
  readonly licence: string | null;
  readonly fingerprint: string;
}

export interface Evaluation {
  /** Steps that were learned before. */
  readonly step: number;
  readonly crossEntropy: number;
  /** [texts] */
  readonly ofTexts: readonly number[];
}

/** A Switch layer. */
export interface LearnedLayer {
  readonly layer: number;
  /** [steps] */
  readonly dropRates: readonly number[];
  /** Steps, at most 64 of them, evenly spaced, and the last one; and [steps][experts], the choices that each expert got in them. */
  readonly sampledSteps: readonly number[];
  readonly kept: readonly (readonly number[])[];
  /** [texts][experts]: choices of the words of each text in the last evaluation; empty where there was none. */
  readonly keptOfTexts: readonly (readonly number[])[];
}
