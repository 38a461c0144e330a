import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import {
  abortStep,
  claimItem,
  finishItem,
  itemsDone,
  laneState,
  laneWork,
  noteLane,
  placeOfItem,
  resetStepControl,
  runStep,
  runStepAlone,
  type Step,
  stepControlWords,
  stepItems,
} from '../../src/kernels/index.ts';

type Run = readonly [phase: number, item: number, lane: number];

/** A step that writes down what it was asked to run; `act` runs in each item. */
function recorded(phaseItems: readonly number[], act: (phase: number, item: number) => void = () => {}): { step: Step; runs: Run[] } {
  const runs: Run[] = [];
  const run = (phase: number, item: number, lane: number): void => {
    runs.push([phase, item, lane]);
    act(phase, item);
  };
  return { step: { phaseItems, run, name: (phase, item) => `item ${item} of phase ${phase}` }, runs };
}

const shared = (lanes: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * stepControlWords(lanes)));

describe('a step', () => {
  it('runs every item once, phase after phase, also where phases are empty', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 7 }), (phaseItems) => {
        const { step, runs } = recorded(phaseItems);
        runStepAlone(step);
        const wanted = phaseItems.flatMap((count, phase) => Array.from({ length: count }, (_, item) => [phase, item, 0]));
        expect(runs).toEqual(wanted);
        expect(stepItems(step)).toBe(wanted.length);
        wanted.forEach(([phase, item], index) => {
          expect(placeOfItem(step, index)).toEqual({ phase, item });
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('can be run by several lanes of one thread that take turns, and again after a reset', () => {
    const { step, runs } = recorded([2, 0, 3]);
    const control = new Int32Array(stepControlWords(3));
    const seen: number[] = [];
    for (const lane of [2, 0, 1]) expect(runStep(step, control, lane, { onItem: (done) => seen.push(done) })).toBe(true);
    expect(runs.map(([, , lane]) => lane)).toEqual([2, 2, 2, 2, 2]);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    resetStepControl(control);
    runStep(step, control, 1);
    expect(runs).toHaveLength(10);
    expect(() => runStep(step, control, 3)).toThrow('internal: lane 3 of 3');
  });

  it('notes what each lane is at, for whoever survives it', () => {
    const control = new Int32Array(stepControlWords(2));
    const { step } = recorded([1, 2], (phase, item) => {
      expect(laneState(control, 1)).toEqual({ at: 'running', item: phase + item });
      expect(laneWork(step, control, 1)).toBe(`ran item ${item} of phase ${phase}`);
      expect(laneWork(step, control, 0)).toBe('had no item');
    });
    runStep(step, control, 1);
    expect(itemsDone(control)).toBe(3);
    expect(laneState(control, 1)).toEqual({ at: 'nothing' });
  });

  it('that fails names the item, keeps the cause, and lets nobody take another', () => {
    const cause = new RangeError('too long');
    const { step, runs } = recorded([2, 3], (phase, item) => {
      if (phase === 1 && item === 1) throw cause;
    });
    const control = new Int32Array(stepControlWords(2));
    expect(() => runStep(step, control, 0)).toThrow(expect.objectContaining({ message: 'item 1 of phase 1: too long', cause }));
    expect(laneWork(step, control, 0)).toBe('ran item 1 of phase 1');
    expect(runStep(step, control, 1)).toBe(false);
    expect(runs).toHaveLength(4);
  });

  it('passes on what is wrong with the input as it is', () => {
    const wrong = new InputError([{ code: 'E_X', path: 'here', value: '1', rule: 'r', remedy: 'm' }]);
    const { step } = recorded([1], () => {
      throw wrong;
    });
    expect(() => runStepAlone(step)).toThrow(wrong);
  });

  it('runs nothing once it is aborted, and does not wait', () => {
    const control = shared(2);
    const { step, runs } = recorded([1, 1]);
    abortStep(control);
    expect(runStep(step, control, 0)).toBe(false);
    expect(runs).toEqual([]);
    resetStepControl(control);
    const once = recorded([2], () => abortStep(control));
    expect(runStep(once.step, control, 0)).toBe(false);
    expect(once.runs).toHaveLength(1);
  });

  it('that is stuck says which phase does not end, and what every lane is at', () => {
    const control = shared(2);
    const { step, runs } = recorded([1, 2, 1]);
    // Lane 1 ran the first phase, took the first item of the second, and never comes back.
    finishItem(control, claimItem(control) + 1);
    noteLane(control, 1, { at: 'running', item: claimItem(control) });
    const started = performance.now();
    expect(() => runStep(step, control, 0, { patienceSeconds: 0.1 })).toThrow(
      'no item ended for 0.1 s in phase 2 of 3 (2 of 4 items done): lane 0 waited to run item 0 of phase 2; lane 1 ran item 0 of phase 1',
    );
    expect(performance.now() - started).toBeLessThan(2000);
    expect(runs).toEqual([[1, 1, 0]]);
    // The others leave too.
    expect(runStep(step, control, 1)).toBe(false);
  });
});
