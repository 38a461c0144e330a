import { assert, EXIT, InputError, toSeconds } from '../../base/index.ts';
import {
  firstNotFinite,
  isHealthy,
  lookAt,
  planPod,
  predictionsOf,
  readState,
  setSoftTargets,
  writeState,
  writeTexts,
} from '../../emulate/index.ts';
import type { TrainingResult } from '../../result/index.ts';
import type { LearningSpec } from '../../scenario/index.ts';
import { throwIfMisfit } from '../memory-misfit.ts';
import { podRequestOf } from '../pod-request.ts';
import type { Checkpoint } from './checkpoint.ts';
import { evaluate } from './evaluate.ts';
import { copyOfHistory, dropRate, emptyHistory, recordStep, stepsOf, type TrainingHistory } from './history.ts';
import type { PodRun } from './pod-run.ts';
import { stepBytes } from './step-bytes.ts';
import { openStepTimer, type StepTimer } from './step-timer.ts';
import type { TrainingInput } from './training-input.ts';
import { trainingResult } from './training-result.ts';

/** Batches without an update, one after the other, that end a run whatever it does about them. */
const MOST_BAD_BATCHES = 10;

/** A run while it goes on. */
interface Training {
  readonly input: TrainingInput;
  readonly learning: LearningSpec;
  readonly run: PodRun;
  readonly teacher: PodRun | null;
  readonly timer: StepTimer;
  history: TrainingHistory;
  /** What it would go back to. */
  saved: Checkpoint;
  badBatches: number;
}

/**
 * Learns until the scenario's steps are done. Every step is executed on the pod; what it did is timed by the engine. Stopped and gone on with from its last
 * checkpoint, a run ends with the same fingerprint: batches, masks and noise are keyed by the number of the batch.
 */
export async function runTraining(input: TrainingInput): Promise<TrainingResult> {
  const { scenario, chip, start, pause = async () => {} } = input;
  const { learning } = scenario;
  assert(learning !== undefined, `${scenario.name} says nothing of learning`);
  const startedAt = input.clock();
  throwIfMisfit(scenario, chip);
  const run = await openRun(input, learning);
  const teacher = await openTeacher(input, learning);
  try {
    const begun = start?.state ?? input.origin;
    if (begun !== undefined) writeState(run.plan, run.buffer, begun);
    const history = start === null ? emptyHistory(run.plan) : copyOfHistory(start.history);
    const timer = openStepTimer(scenario, chip);
    const training: Training = { input, learning, run, teacher, timer, history, saved: checkpointOf(input, run, history), badBatches: 0 };
    while (stepsOf(training.history) < learning.steps) {
      await pauseOrSave(training, pause);
      await learnBatch(training);
    }
    if (stepsOf(training.history) > stepsOf(training.saved.history)) save(training);
    return trainingResult(input, run, training.history, await evaluate(run, learning), startedAt);
  } finally {
    await run.close();
    await teacher?.close();
  }
}

async function openRun(input: TrainingInput, learning: LearningSpec): Promise<PodRun> {
  const { scenario, chip, texts, open } = input;
  const { softShare, ...own } = learning;
  const request = podRequestOf(scenario, chip, input.teacher === undefined ? own : { ...own, softShare });
  const sizes = texts.map(({ bytes }) => ({ bytes: bytes.length, heldOutBytes: Math.floor(bytes.length * learning.heldOutShare) }));
  const run = open((lanes, table) => planPod(request, sizes, lanes, table));
  const bytes = texts.map((text) => text.bytes);
  writeTexts(run.plan, run.buffer, bytes);
  await run.step(0);
  return run;
}

/** On the words of the pupil, with what it has learned itself. */
async function openTeacher({ teacher, ...input }: TrainingInput, learning: LearningSpec): Promise<PodRun | null> {
  if (teacher === undefined) return null;
  const { chip, state } = teacher;
  const run = await openRun({ ...input, chip, scenario: { ...teacher.scenario, seed: input.scenario.seed } }, learning);
  writeState(run.plan, run.buffer, state);
  return run;
}

async function pauseOrSave(training: Training, pause: () => Promise<void>): Promise<void> {
  try {
    await pause();
  } catch (error) {
    if (stepsOf(training.history) > stepsOf(training.saved.history)) save(training);
    throw error;
  }
}

async function learnBatch(training: Training): Promise<void> {
  const { run, history, learning, timer } = training;
  const { plan, buffer } = run;
  clearTraffic(run);
  if (training.teacher !== null) {
    // The teacher reads the batch that the pupil is about to learn.
    await training.teacher.step(lookAt(history.batches + 1));
    setSoftTargets(plan, buffer, predictionsOf(training.teacher.plan, training.teacher.buffer));
  }
  await run.step(history.batches + 1);
  history.batches++;
  if (!isHealthy(plan, buffer)) {
    skipBatch(training);
    return;
  }
  training.badBatches = 0;
  const { program, time } = timer(plan, buffer);
  recordStep(history, plan, buffer, time, stepBytes(plan, buffer, program));
  report(training);
  const steps = stepsOf(history);
  if (steps % learning.evaluateEvery === 0) {
    const evaluation = await evaluate(run, learning);
    if (evaluation !== null) history.evaluations.push({ step: steps, crossEntropy: evaluation.crossEntropy, ofTexts: evaluation.ofTexts });
  }
  if (steps % learning.checkpointEvery === 0) save(training);
}

/** The step has changed no weight: without the batch the run can go on from where it is, or from where it was. */
function skipBatch(training: Training): void {
  const { history, learning, saved, run } = training;
  const bad = history.batches;
  training.badBatches++;
  if (learning.onNaN === 'stop' || training.badBatches > MOST_BAD_BATCHES) {
    const error = notFiniteError(training);
    // Of the good steps; the batch that was bad is read again.
    history.batches--;
    if (stepsOf(history) > stepsOf(saved.history)) save(training);
    throw error;
  }
  if (learning.onNaN === 'skip') {
    history.skippedBatches.push(bad);
    return;
  }
  writeState(run.plan, run.buffer, saved.state);
  const first = saved.history.batches + 1;
  const skippedSince = Array.from({ length: bad - first + 1 }, (_, i) => first + i);
  training.history = copyOfHistory(saved.history);
  training.history.batches = bad;
  training.history.skippedBatches.push(...skippedSince);
  // The next time it must not go back over the batches that are left out now.
  training.saved = { ...saved, history: copyOfHistory(training.history) };
}

function notFiniteError({ run, history, badBatches, learning }: Training): InputError {
  const found = firstNotFinite(run.plan, run.buffer);
  const where = found === null ? '' : `, ${found.layer === null ? '' : `layer ${found.layer}, `}${found.tensor}, on core ${found.core}`;
  const often = badBatches > 1 ? `; ${badBatches} batches in a row` : '';
  const issue = {
    code: 'E_NOT_FINITE',
    path: 'learning',
    value: `step ${stepsOf(history) + 1} (batch ${history.batches})${where}${often}`,
    rule: 'losses and gradients must be finite numbers',
    remedy: `lower learning.learningRate (${learning.learningRate}), raise learning.warmupSteps, compute the router in f32, or leave such batches out by learning.onNaN: skip or rewind; the checkpoint has the state before this step`,
  };
  return new InputError([issue], EXIT.checkFailed);
}

function save(training: Training): void {
  training.saved = checkpointOf(training.input, training.run, training.history);
  training.input.save(training.saved);
}

function checkpointOf({ run }: TrainingInput, { plan, buffer }: PodRun, history: TrainingHistory): Checkpoint {
  return { run, history: copyOfHistory(history), state: readState(plan, buffer) };
}

/** Bytes are counted step by step. */
function clearTraffic({ plan, buffer }: PodRun): void {
  const cells = plan.request.mesh.devices * plan.request.mesh.devices;
  for (const { offset } of plan.traffic) new Float64Array(buffer, offset, cells).fill(0);
}

function report({ input, history, learning }: Training): void {
  const last = stepsOf(history) - 1;
  const shares = history.layers.map(({ kept }) => Math.max(...kept[last]) / kept[last].reduce((sum, count) => sum + count, 0));
  input.onStep?.({
    step: last + 1,
    steps: learning.steps,
    loss: history.crossEntropies[last],
    dropRate: dropRate(history, last),
    busiestExpert: Math.max(0, ...shares),
    simulatedSeconds: toSeconds(history.stepTimes.reduce((sum, time) => sum + time, 0)),
  });
}
