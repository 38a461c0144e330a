import { assert, InputError } from '../base/index.ts';
import { placeOfItem, type Step, stepItems } from './step.ts';
import {
  abortStep,
  awaitItems,
  claimItem,
  finishItem,
  isAborted,
  itemsDone,
  laneCount,
  laneState,
  noteLane,
  stepControlWords,
} from './step-control.ts';

/** Longer than any item on a machine that still gets somewhere. */
export const PATIENCE_SECONDS = 600;

export interface StepRun {
  /** For so long a lane waits without any item being done, before it says that the step is stuck. */
  readonly patienceSeconds?: number;
  /** Called after each item of this lane, with the items of all lanes that are done. */
  readonly onItem?: (done: number) => void;
}

/**
 * Runs items of the step as one of its lanes, until none is left: every thread calls this once for each step, and so does a caller without threads. The lanes share
 * nothing but `control` (see `stepControlWords`; all zero before the first of them begins) and the memory of the step. False when the step was aborted.
 * When an item fails, the other lanes are told to leave and the error names the item, unless it is the input that is wrong: that error says where by itself.
 */
export function runStep(step: Step, control: Int32Array, lane: number, options: StepRun = {}): boolean {
  const { patienceSeconds = PATIENCE_SECONDS, onItem } = options;
  assert(lane >= 0 && lane < laneCount(control), `lane ${lane} of ${laneCount(control)}`);
  const total = stepItems(step);
  let phase = 0;
  let phaseStart = 0;
  let phaseEnd = step.phaseItems[0] ?? 0;
  for (let item = claimItem(control); item < total; item = claimItem(control)) {
    while (item >= phaseEnd) {
      phaseStart = phaseEnd;
      phaseEnd += step.phaseItems[++phase];
    }
    if (isAborted(control) || !mayBegin(step, control, lane, item, phaseStart, patienceSeconds)) break;
    noteLane(control, lane, { at: 'running', item });
    runNamed(step, control, phase, item - phaseStart, lane);
    finishItem(control, phaseEnd);
    onItem?.(itemsDone(control));
  }
  noteLane(control, lane, { at: 'nothing' });
  return !isAborted(control);
}

/** Runs all items on the calling thread, in order. */
export function runStepAlone(step: Step): void {
  runStep(step, new Int32Array(stepControlWords(1)), 0);
}

/** The same with a `pause` after each item, in which the thread does what else is waiting for it. */
export async function runStepWithPauses(step: Step, pause: () => Promise<void>, onItem: (done: number) => void = () => {}): Promise<void> {
  const control = new Int32Array(stepControlWords(1));
  for (const [phase, items] of step.phaseItems.entries()) {
    for (let item = 0; item < items; item++) {
      runNamed(step, control, phase, item, 0);
      finishItem(control, stepItems(step));
      onItem(itemsDone(control));
      await pause();
    }
  }
}

function runNamed(step: Step, control: Int32Array, phase: number, item: number, lane: number): void {
  try {
    step.run(phase, item, lane);
  } catch (error) {
    abortStep(control);
    if (error instanceof InputError) throw error;
    throw new Error(`${step.name(phase, item)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Whether all items before the phase are done, which may take a while; false when the step was aborted instead. */
function mayBegin(step: Step, control: Int32Array, lane: number, item: number, phaseStart: number, patienceSeconds: number): boolean {
  if (itemsDone(control) >= phaseStart) return true;
  noteLane(control, lane, { at: 'waiting', item });
  const waited = awaitItems(control, phaseStart, patienceSeconds);
  if (waited === 'stuck') {
    abortStep(control);
    throw stuckError(step, control, patienceSeconds);
  }
  return waited === 'done';
}

/** Says which phase does not end, and what every lane is at. */
export function stuckError(step: Step, control: Int32Array, patienceSeconds: number): Error {
  const done = itemsDone(control);
  const total = stepItems(step);
  const phase = done < total ? placeOfItem(step, done).phase : step.phaseItems.length - 1;
  const lanes = Array.from({ length: laneCount(control) }, (_, lane) => `lane ${lane} ${laneWork(step, control, lane)}`);
  const where = `phase ${phase + 1} of ${step.phaseItems.length} (${done} of ${total} items done)`;
  return new Error(`no item ended for ${patienceSeconds} s in ${where}: ${lanes.join('; ')}`);
}

/** What a lane last noted, in words: `ran routing of ...`, `waited to run ...` or `had no item`. */
export function laneWork(step: Step, control: Int32Array, lane: number): string {
  const state = laneState(control, lane);
  if (state.at === 'nothing') return 'had no item';
  const { phase, item } = placeOfItem(step, state.item);
  return `${state.at === 'running' ? 'ran' : 'waited to run'} ${step.name(phase, item)}`;
}
