import { outcomeOf, type PodPlan } from '../../emulate/index.ts';
import type { Evaluation } from '../../result/index.ts';

/** What a run has seen so far, a row for each update: plain JSON, and with the state of the pod all that it needs to go on. */
export interface TrainingHistory {
  /** Batches that were read, those that were left out among them; and which these were. */
  batches: number;
  readonly skippedBatches: number[];
  readonly crossEntropies: number[];
  readonly auxiliaryLosses: number[];
  readonly zLosses: number[];
  /** Time of each step on the simulated pod, whole picoseconds. */
  readonly stepTimes: number[];
  /** Of each Switch layer. */
  readonly layers: readonly LayerHistory[];
  readonly evaluations: Evaluation[];
  /** Of the last step. */
  bytes: StepBytes;
}

export interface LayerHistory {
  readonly layer: number;
  /** Choices that asked for an expert, those that found no slot, and [experts] those that each expert got. */
  readonly requested: number[];
  readonly dropped: number[];
  readonly kept: (readonly number[])[];
}

/** collective -> mesh axis -> bytes from core to core in one step. */
export type StepBytes = Readonly<Record<string, Readonly<Record<string, { readonly counted: number; readonly predicted: number }>>>>;

export function emptyHistory({ layers }: PodPlan): TrainingHistory {
  return {
    batches: 0,
    skippedBatches: [],
    crossEntropies: [],
    auxiliaryLosses: [],
    zLosses: [],
    stepTimes: [],
    layers: layers.flatMap((kind, layer) => (kind === 'switch' ? [{ layer, requested: [], dropped: [], kept: [] }] : [])),
    evaluations: [],
    bytes: {},
  };
}

/** One that does not change when the other does. */
export function copyOfHistory(history: TrainingHistory): TrainingHistory {
  const { skippedBatches, crossEntropies, auxiliaryLosses, zLosses, stepTimes, layers, evaluations } = history;
  return {
    ...history,
    skippedBatches: [...skippedBatches],
    crossEntropies: [...crossEntropies],
    auxiliaryLosses: [...auxiliaryLosses],
    zLosses: [...zLosses],
    stepTimes: [...stepTimes],
    layers: layers.map(({ layer, requested, dropped, kept }) => ({
      ...{ layer, requested: [...requested], dropped: [...dropped], kept: [...kept] },
    })),
    evaluations: [...evaluations],
  };
}

/** Adds the step that has just run on the pod. */
export function recordStep(history: TrainingHistory, plan: PodPlan, buffer: ArrayBufferLike, stepTime: number, bytes: StepBytes): void {
  const { crossEntropy, auxiliaryLoss, zLoss, layers } = outcomeOf(plan, buffer);
  history.crossEntropies.push(crossEntropy);
  history.auxiliaryLosses.push(auxiliaryLoss);
  history.zLosses.push(zLoss);
  history.stepTimes.push(stepTime);
  for (const [row, { requested, dropped, kept }] of layers.entries()) {
    history.layers[row].requested.push(requested);
    history.layers[row].dropped.push(dropped);
    history.layers[row].kept.push(kept);
  }
  history.bytes = bytes;
}

/** Updates so far. */
export function stepsOf({ crossEntropies }: TrainingHistory): number {
  return crossEntropies.length;
}

/** Share of the choices of a step, counted from 0, that found no slot. */
export function dropRate({ layers }: TrainingHistory, step: number): number {
  const requested = layers.reduce((sum, layer) => sum + layer.requested[step], 0);
  return requested === 0 ? 0 : layers.reduce((sum, layer) => sum + layer.dropped[step], 0) / requested;
}
