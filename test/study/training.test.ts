import { describe, expect, it } from 'vitest';
import { openPodThreads } from '../../src/cluster/index.ts';
import { lookAt, lookAtHeldOut, type PodState } from '../../src/emulate/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { f32Elements } from '../../src/model/index.ts';
import type { TrainingResult } from '../../src/result/index.ts';
import type { LearningSpec, Scenario } from '../../src/scenario/index.ts';
import { type Checkpoint, differences, type OpenPodRun, runOf, runTraining, type TrainingInput } from '../../src/study/index.ts';

const LEARNING: LearningSpec = {
  texts: ['words'],
  heldOutShare: 0.1,
  steps: 12,
  learningRate: 3e-3,
  warmupSteps: 1,
  decay: 'none',
  auxiliaryCoefficient: 0.01,
  zCoefficient: 0.001,
  initialisationScale: 1,
  dropout: 0,
  expertDropout: 0,
  jitter: 0,
  softShare: 0.25,
  evaluateEvery: 5,
  evaluateBatches: 2,
  checkpointEvery: 4,
  onNaN: 'stop',
};

const YAML = `
name: words
topology: tpu-v3:2x2
model: {name: small, family: decoder, decoderLayers: 2, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, ffnMatrices: 3, activation: silu,
  tiedEmbeddings: true, positions: {kind: learned, count: 32}, experts: 8, layersEvery: 2}
layout: {ici: {data: 8}, expertsOver: data}
routing: {router: switch-top1, capacityFactor: 1.25, groupTokens: 32}
workload: {sequences: 16, sequenceLength: 32, optimizer: adamw, remat: none}
precision: {matmul: f32, gradients: f32}
`;
const loaded = parseScenario('words.yaml', YAML, { ignoreMemory: true });

/** Two sentences over and over: a model of 32 columns learns some of that in twelve steps. */
const TEXT = new TextEncoder().encode(
  'the quick brown fox jumps over the lazy dog. pack my box with five dozen jugs of liquor. '.repeat(50),
);

interface Run {
  readonly learning?: Partial<LearningSpec>;
  readonly start?: Checkpoint | null;
  readonly open?: OpenPodRun;
  readonly pause?: () => Promise<void>;
  readonly origin?: PodState;
  readonly teacher?: TrainingInput['teacher'];
}

/** Its result, or what ended it, and the checkpoints that it kept. */
async function train({ learning, start = null, open = onOneThread, pause, origin, teacher }: Run = {}) {
  const kept: Checkpoint[] = [];
  const scenario: Scenario = { ...loaded.scenario, learning: { ...LEARNING, ...learning } };
  const input: TrainingInput = {
    scenario,
    chip: loaded.chip,
    texts: [{ name: 'words', bytes: TEXT, source: null, licence: null, fingerprint: 'words' }],
    warnings: [],
    run: runOf(scenario, [{ fingerprint: 'words' }], { origin, teacher }),
    shrunkFrom: null,
    open,
    start,
    save: (checkpoint) => kept.push(checkpoint),
    provenance: { version: 'test', node: 'test', startedAt: 'test' },
    clock: () => 0,
    pause,
    origin,
    teacher,
  };
  const ended = await runTraining(input).catch((error: unknown) => error);
  return { ended, kept };
}

const onOneThread: OpenPodRun = (planFor) => openPodThreads(planFor, { threads: 1 });

/** A pod in which one weight is no number while some batches are read. */
function withBadBatches(batches: readonly number[]): OpenPodRun {
  return (planFor) => {
    const run = onOneThread(planFor);
    const gain = run.plan.parameters.findIndex(({ unit, name }) => unit === 3 && name === 'gain');
    return {
      ...run,
      step: async (n) => {
        const held = run.plan.microbatches[0][5].held[gain];
        if (held === null || !batches.includes(n)) return run.step(n);
        const weights = f32Elements(run.buffer, held.stored);
        const good = weights[0];
        weights[0] = Number.NaN;
        await run.step(n);
        weights[0] = good;
      },
    };
  };
}

function resultOf({ ended }: { readonly ended: unknown }): TrainingResult {
  if (ended instanceof Error) throw ended;
  return ended as TrainingResult;
}

const whole = train();

describe('a run that learns', () => {
  it('learns, and says what each step did', async () => {
    const { losses, crossEntropies, auxiliaryLosses, zLosses, dropRates, simulatedSeconds, evaluations, layers, bytes } = resultOf(
      await whole,
    );
    expect(crossEntropies).toHaveLength(12);
    expect(crossEntropies[11]).toBeLessThan(crossEntropies[0] - 0.5);
    for (const [step, loss] of losses.entries()) expect(loss).toBe(crossEntropies[step] + auxiliaryLosses[step] + zLosses[step]);
    expect(dropRates.every((rate) => rate >= 0 && rate < 1)).toBe(true);
    for (const [step, seconds] of simulatedSeconds.entries()) expect(seconds).toBeCloseTo((step + 1) * simulatedSeconds[0], 12);
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 12]);
    expect(evaluations[2].crossEntropy).toBeLessThan(evaluations[0].crossEntropy);
    expect(evaluations[2].ofTexts).toEqual([evaluations[2].crossEntropy]);
    expect(layers[0].keptOfTexts[0].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2 * 16 * 32);
    expect(layers.map(({ layer }) => layer)).toEqual([1]);
    const choices = layers[0].kept[0].reduce((sum, count) => sum + count, 0);
    expect(choices).toBe(Math.round(16 * 32 * (1 - dropRates[0])));
    const rows = Object.values(bytes).flatMap((axes) => Object.values(axes));
    expect(rows.length).toBeGreaterThan(1);
    for (const { counted, predicted } of rows) expect(counted).toBe(predicted);
  });

  it('ends with the same fingerprint from any of its checkpoints', async () => {
    const { kept } = await whole;
    const { fingerprint } = resultOf(await whole);
    expect(kept.map(({ history }) => history.crossEntropies.length)).toEqual([4, 8, 12]);
    for (const start of kept) expect(resultOf(await train({ start })).fingerprint).toBe(fingerprint);
  });

  it('keeps what it has learned when it is stopped', async () => {
    let pauses = 0;
    const stopped = await train({
      pause: async () => {
        if (++pauses === 7) throw new Error('stopped');
      },
    });
    expect(stopped.ended).toEqual(new Error('stopped'));
    expect(stopped.kept.map(({ history }) => history.crossEntropies.length)).toEqual([4, 6]);
    const { fingerprint } = resultOf(await train({ start: stopped.kept[1] }));
    expect(fingerprint).toBe(resultOf(await whole).fingerprint);
  });

  it('has another fingerprint on another text or seed, and knows by which keys', () => {
    const texts = [{ fingerprint: 'words' }];
    const ours = runOf({ ...loaded.scenario, learning: LEARNING }, texts);
    expect(differences(ours, runOf({ ...loaded.scenario, learning: { ...LEARNING, steps: 99, onNaN: 'skip' } }, texts))).toEqual([]);
    const other = runOf({ ...loaded.scenario, seed: 3, learning: { ...LEARNING, jitter: 0.01 } }, [{ fingerprint: 'others' }]);
    expect(differences(ours, other)).toEqual(['learning.jitter', 'learning.texts', 'seed']);
  });
});

describe('a loss that is no number', () => {
  it('stops the run with the step, the layer and the tensor, and keeps the steps before it', async () => {
    const { ended, kept } = await train({ open: withBadBatches([7]) });
    expect(String(ended)).toContain('step 7 (batch 7), layer 1, norm, on core 5');
    expect(kept.map(({ history }) => history.crossEntropies.length)).toEqual([4, 6]);
    expect(resultOf(await train({ start: kept[1] })).fingerprint).toBe(resultOf(await whole).fingerprint);
  });

  it('is left out with its batch', async () => {
    const { ended } = await train({ open: withBadBatches([3, 7]), learning: { onNaN: 'skip' } });
    const { skippedBatches, crossEntropies } = resultOf({ ended });
    expect(skippedBatches).toEqual([3, 7]);
    expect(crossEntropies).toHaveLength(12);
    const good = resultOf(await whole).crossEntropies;
    expect(crossEntropies.slice(0, 2)).toEqual(good.slice(0, 2));
    expect(crossEntropies[2]).not.toBe(good[2]);
  });

  it('sends the run back to its checkpoint, and leaves out what was read since', async () => {
    const { ended } = await train({ open: withBadBatches([7]), learning: { onNaN: 'rewind' } });
    const { skippedBatches, crossEntropies } = resultOf({ ended });
    expect(skippedBatches).toEqual([5, 6, 7]);
    expect(crossEntropies).toHaveLength(12);
    expect(crossEntropies.slice(0, 4)).toEqual(resultOf(await whole).crossEntropies.slice(0, 4));
  });

  it.each(['skip', 'rewind'] as const)('ends the run when %s does not help', async (onNaN) => {
    const { ended } = await train({ open: withBadBatches(Array.from({ length: 50 }, (_, i) => 3 + i)), learning: { onNaN } });
    expect(String(ended)).toContain('11 batches in a row');
  });
});

describe('a run that follows others', () => {
  /** A pod that writes down which steps it makes. */
  const noting =
    (steps: string[], names: readonly string[]): OpenPodRun =>
    (planFor) => {
      const name = names[steps.filter((step) => step.endsWith(' 0')).length];
      const run = onOneThread(planFor);
      return {
        ...run,
        step: async (n) => {
          steps.push(`${name} ${n}`);
          await run.step(n);
        },
      };
    };

  it('begins with the weights of another, whose updates count on', async () => {
    const { kept } = await whole;
    const { state } = kept[2];
    const after = await train({ origin: state, learning: { steps: 1 } });
    expect(resultOf(after).crossEntropies[0]).toBeLessThan(resultOf(await whole).crossEntropies[0] - 0.5);
    expect(after.kept[0].state.updates).toBe(state.updates + 1);
  });

  it('hears its teacher on every batch before it learns that batch, and not on held-out words', async () => {
    const { kept } = await whole;
    const steps: string[] = [];
    const teacher = { scenario: { ...loaded.scenario, learning: LEARNING }, chip: loaded.chip, state: kept[2].state };
    const { ended } = await train({
      teacher,
      open: noting(steps, ['pupil', 'teacher']),
      learning: { steps: 3, evaluateEvery: 3, evaluateBatches: 1 },
    });
    resultOf({ ended });
    const evaluation = `pupil ${lookAtHeldOut(0)}`;
    expect(steps).toEqual([
      ...['pupil 0', 'teacher 0'],
      ...[1, 2, 3].flatMap((batch) => [`teacher ${lookAt(batch)}`, `pupil ${batch}`]),
      ...[evaluation, evaluation],
    ]);
  });

  it('learns something else from a teacher, and is another run by name', async () => {
    const { kept } = await whole;
    const teacher = { scenario: { ...loaded.scenario, learning: LEARNING }, chip: loaded.chip, state: kept[2].state };
    const taught = resultOf(await train({ teacher, learning: { steps: 3 } }));
    const own = resultOf(await train({ learning: { steps: 3 } }));
    expect(taught.crossEntropies[0]).toBe(own.crossEntropies[0]);
    expect(taught.crossEntropies[2]).not.toBe(own.crossEntropies[2]);
    const run = (others: Parameters<typeof runOf>[2]) => runOf(loaded.scenario, [{ fingerprint: 'words' }], others);
    expect(differences(run({}), run({ teacher, origin: kept[0].state }))).toEqual(['experiment.after', 'experiment.teacher']);
  });
});
