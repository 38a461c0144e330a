import type { Pause, PodState } from '../../emulate/index.ts';
import type { Chip } from '../../hardware/index.ts';
import type { Warning } from '../../result/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import type { RunFacts } from '../run-study.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { OpenPodRun } from './pod-run.ts';

/** Everything that the outside world has to hand in. */
export interface TrainingInput {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly texts: readonly Text[];
  readonly warnings: readonly Warning[];
  /** The slice of the scenario, where a layout was given that needs a smaller one. */
  readonly shrunkFrom: string | null;
  readonly open: OpenPodRun;
  /** What makes the run what it is; see `runOf`. */
  readonly run: Readonly<Record<string, string>>;
  /** What to go on from; null: from the beginning. */
  readonly start: Checkpoint | null;
  /** What another run of the same model learned, to begin with in the place of first weights; its updates count on. */
  readonly origin?: PodState;
  /** A model that has learned, whose probabilities are learned from beside the words. */
  readonly teacher?: Teacher;
  /** Keeps a checkpoint; the one before it is needed no more. */
  readonly save: (checkpoint: Checkpoint) => void;
  readonly provenance: RunFacts;
  /** Wall clock in milliseconds, for provenance alone. */
  readonly clock: () => number;
  readonly onStep?: (progress: TrainingProgress) => void;
  /** Awaited between steps; lets signals in, and rejects to end the run, which is saved first. */
  readonly pause?: Pause;
}

/** Its batches are those of the pupil. */
export interface Teacher {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly state: PodState;
}

export interface Text {
  readonly name: string;
  /** A word is a byte. */
  readonly bytes: Uint8Array;
  readonly source: string | null;
  readonly licence: string | null;
  readonly fingerprint: string;
}

/** After each step. */
export interface TrainingProgress {
  /** Updates so far, those before the run went on among them. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly dropRate: number;
  /** Share of all kept choices that the busiest expert of a layer got. */
  readonly busiestExpert: number;
  readonly simulatedSeconds: number;
}
