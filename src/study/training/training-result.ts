import { toSeconds } from '../../base/index.ts';
import { readState } from '../../emulate/index.ts';
import {
  type Evaluation,
  type LearnedLayer,
  type LearnedText,
  resultFingerprint,
  TRAINING_SCHEMA,
  type TrainingResult,
} from '../../result/index.ts';
import { dataSources } from '../run-study.ts';
import { printOfState } from './checkpoint.ts';
import type { HeldOutEvaluation } from './evaluate.ts';
import { dropRate, type LayerHistory, stepsOf, type TrainingHistory } from './history.ts';
import type { PodRun } from './pod-run.ts';
import type { Text, TrainingInput } from './training-input.ts';

/** Most steps whose experts are shown. */
const SAMPLED_STEPS = 64;

/** What a run has to show when it has ended. */
export function trainingResult(
  input: TrainingInput,
  run: PodRun,
  history: TrainingHistory,
  last: HeldOutEvaluation | null,
  startedAt: number,
): TrainingResult {
  const { scenario, chip, texts, clock, provenance } = input;
  const { crossEntropies, auxiliaryLosses, zLosses } = history;
  const steps = Array.from({ length: stepsOf(history) }, (_, step) => step);
  const body = {
    schema: TRAINING_SCHEMA,
    scenario,
    cores: run.plan.request.mesh.devices,
    slice: scenario.topology.shape.join('x'),
    shrunkFrom: input.shrunkFrom,
    texts: texts.map((text) => learnedText(text, scenario.learning?.heldOutShare ?? 0)),
    losses: steps.map((step) => crossEntropies[step] + auxiliaryLosses[step] + zLosses[step]),
    crossEntropies,
    auxiliaryLosses,
    zLosses,
    dropRates: steps.map((step) => dropRate(history, step)),
    simulatedSeconds: cumulativeSeconds(history.stepTimes),
    evaluations: withLast(history, last),
    layers: history.layers.map((layer, row) => learnedLayer(layer, last?.kept[row] ?? [])),
    bytes: history.bytes,
    skippedBatches: history.skippedBatches,
    warnings: input.warnings,
  } as const;
  return {
    ...body,
    fingerprint: resultFingerprint(body, [printOfState(readState(run.plan, run.buffer))]),
    provenance: {
      ...provenance,
      threads: run.threads,
      kernelPath: run.kernelPath,
      kernelSpeed: run.kernelSpeed,
      wallSeconds: (clock() - startedAt) / 1000,
      dataSources: dataSources(chip),
    },
  };
}

/** The last one stands in no checkpoint unless it was due: a run that is made longer has it at no step of its own. */
function withLast(history: TrainingHistory, last: HeldOutEvaluation | null): Evaluation[] {
  const { evaluations } = history;
  const step = stepsOf(history);
  if (last === null || evaluations.at(-1)?.step === step) return evaluations;
  return [...evaluations, { step, crossEntropy: last.crossEntropy, ofTexts: last.ofTexts }];
}

function cumulativeSeconds(times: readonly number[]): number[] {
  let sum = 0;
  return times.map((time) => {
    sum += time;
    return toSeconds(sum);
  });
}

function learnedText({ name, bytes, source, licence, fingerprint }: Text, heldOutShare: number): LearnedText {
  const heldOutBytes = Math.floor(bytes.length * heldOutShare);
  return { name, bytes: bytes.length - heldOutBytes, heldOutBytes, source, licence, fingerprint };
}

function learnedLayer({ layer, requested, dropped, kept }: LayerHistory, keptOfTexts: LearnedLayer['keptOfTexts']): LearnedLayer {
  const last = kept.length - 1;
  const stride = Math.max(1, Math.ceil(kept.length / (SAMPLED_STEPS - 1)));
  const sampledSteps = kept.flatMap((_, step) => (step % stride === 0 || step === last ? [step] : []));
  return {
    layer,
    dropRates: requested.map((count, step) => (count === 0 ? 0 : dropped[step] / count)),
    sampledSteps,
    kept: sampledSteps.map((step) => kept[step]),
    keptOfTexts,
  };
}
