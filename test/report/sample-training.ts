/** A TrainingResult as a run could give it, made by formulas and a seeded draw: consistent within itself, evidence of nothing. */
import { Purpose, uniform } from '../../src/base/index.ts';
import { type Evaluation, type LearnedLayer, type LearnedText, TRAINING_SCHEMA, type TrainingResult } from '../../src/result/index.ts';
import type { LearningSpec } from '../../src/scenario/index.ts';
import { sampleScenario } from './sample-result.ts';

export interface SampleTraining {
  readonly steps?: number;
  readonly experts?: number;
  readonly texts?: readonly string[];
  /** Numbers of the Switch layers; none for a dense model. */
  readonly layers?: readonly number[];
}

const STEP_SECONDS = 0.0042;
const SAMPLES = 64;

function draw(stream: number, index: number): number {
  return uniform(23, Purpose.test, stream, index);
}

export function sampleTraining({
  steps = 200,
  experts = 16,
  texts = ['kjv', 'jargon', 'sqlite'],
  layers = [1, 3],
}: SampleTraining = {}): TrainingResult {
  const times = Array.from({ length: steps }, (_, step) => step);
  const tau = Math.min(steps, 600) / 5;
  const falling = (step: number): number => 1.7 + 3.95 * Math.exp(-step / tau);
  const crossEntropies = times.map((step) => falling(step) + 0.12 * (draw(1, step) - 0.5));
  const auxiliaryLosses = times.map((step) => (layers.length === 0 ? 0 : 0.01 * (1 + 0.6 * Math.exp(-step / tau) + 0.02 * draw(2, step))));
  const zLosses = times.map((step) => (layers.length === 0 ? 0 : 0.001 * (7 - 3 * Math.exp(-step / tau) + 0.3 * draw(3, step))));
  const learned = layers.map((layer, row) => sampleLayer(layer, row, steps, experts, texts.length));
  const every = Math.max(1, Math.floor(steps / 10));
  const base = sampleScenario('sample-training');
  return {
    schema: TRAINING_SCHEMA,
    scenario: {
      ...base,
      question: 'Does a small Switch Transformer learn on 32 cores?',
      model: { ...base.model, name: 'sample-switch', vocab: 256 },
      learning: sampleLearning(texts, steps),
    },
    cores: 32,
    slice: '4x4',
    shrunkFrom: null,
    texts: texts.map(sampleText),
    losses: times.map((step) => crossEntropies[step] + auxiliaryLosses[step] + zLosses[step]),
    crossEntropies,
    auxiliaryLosses,
    zLosses,
    dropRates: times.map((step) => learned.reduce((sum, { dropRates }) => sum + dropRates[step], 0) / Math.max(1, learned.length)),
    simulatedSeconds: times.map((step) => STEP_SECONDS * (step + 1)),
    evaluations: times.flatMap((step): Evaluation[] => {
      if ((step + 1) % every !== 0 && step !== steps - 1) return [];
      const ofTexts = texts.map((_, text) => falling(step) + 0.08 + 0.15 * text);
      return [{ step: step + 1, crossEntropy: ofTexts.reduce((sum, loss) => sum + loss, 0) / texts.length, ofTexts }];
    }),
    layers: learned,
    bytes: {
      'all-to-all': { expert: { counted: 50_331_648, predicted: 50_331_648 } },
      'all-reduce': { data: { counted: 7_340_032, predicted: 7_340_032 }, expert: { counted: 9_437_184, predicted: 9_437_184 } },
    },
    skippedBatches: [],
    warnings: [],
    fingerprint: '0123456789abcdef',
    provenance: {
      version: '0.0.0',
      node: 'v20.19.0',
      threads: 2,
      kernelPath: 'wasm-simd128',
      startedAt: '2026-01-01T00:00:00.000Z',
      wallSeconds: 61.5,
      dataSources: ['tpu-v3 hbmBytes: a page, as of 2026-01-01'],
    },
  };
}

/** Routers begin with favourites, and are drawn to an even load; each text keeps a part of the experts. */
function sampleLayer(layer: number, row: number, steps: number, experts: number, texts: number): LearnedLayer {
  const stride = Math.max(1, Math.ceil(steps / (SAMPLES - 1)));
  const sampledSteps = Array.from({ length: steps }, (_, step) => step).filter((step) => step % stride === 0 || step === steps - 1);
  const choices = (index: number, skew: number): number =>
    Math.round((8192 / experts) * (1 + skew * (2 * draw(10 + row, index) - 1)) * (0.95 + 0.1 * draw(20 + row, index)));
  return {
    layer,
    dropRates: Array.from({ length: steps }, (_, step) => 0.03 + 0.25 * Math.exp((-6 * step) / steps) + 0.02 * draw(30 + row, step)),
    sampledSteps,
    kept: sampledSteps.map((step) =>
      Array.from({ length: experts }, (_, expert) => choices(expert, 0.3 + 0.7 * Math.exp((-4 * step) / steps))),
    ),
    keptOfTexts: Array.from({ length: texts }, (_, text) =>
      Array.from({ length: experts }, (_, expert) => Math.round(400 * draw(40 + row, expert * texts + text) ** 3)),
    ),
  };
}

function sampleText(name: string, index: number): LearnedText {
  return {
    name,
    bytes: 180_000 - 20_000 * index,
    heldOutBytes: 9_000,
    source: `a package of ${name}`,
    licence: 'public domain',
    fingerprint: `text${index}`,
  };
}

function sampleLearning(texts: readonly string[], steps: number): LearningSpec {
  return {
    texts,
    heldOutShare: 0.05,
    steps,
    learningRate: 3e-3,
    warmupSteps: 10,
    decay: 'none',
    auxiliaryCoefficient: 0.01,
    zCoefficient: 0.001,
    initialisationScale: 1,
    dropout: 0,
    expertDropout: 0,
    jitter: 0,
    softShare: 0,
    evaluateEvery: 20,
    evaluateBatches: 4,
    checkpointEvery: 100,
    onNaN: 'stop',
  };
}
