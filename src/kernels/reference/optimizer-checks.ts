import { expectElements, expectThat, expectWhole } from './check-shape.ts';
import type { OptimizerStep, OptimizerTensors, WeightShape } from './optimizers/optimizer.ts';

/** Sizes of everything that an update touches; `state` gives the elements of each tensor of the state. */
export function expectUpdate(
  fn: string,
  { rows, columns }: WeightShape,
  at: OptimizerStep,
  tensors: OptimizerTensors,
  state: Readonly<Record<string, number>>,
): void {
  expectWhole(fn, 'rows', rows, 1);
  expectWhole(fn, 'columns', columns, 1);
  expectStep(fn, at);
  const shape = `${rows} rows x ${columns}`;
  expectElements(fn, 'weights', tensors.weights, rows * columns, shape);
  expectElements(fn, 'gradient', tensors.gradient, rows * columns, shape);
  for (const [name, elements] of Object.entries(state)) {
    expectThat(Object.hasOwn(tensors.state, name), fn, `state.${name}`, 'must come from initialise', 'absent');
    expectElements(fn, `state.${name}`, tensors.state[name], elements, `for weights of ${shape}`);
  }
}

export function expectStep(fn: string, { step, learningRate }: OptimizerStep): void {
  expectWhole(fn, 'step', step, 1);
  expectThat(Number.isFinite(learningRate), fn, 'learningRate', 'must be a finite number', learningRate);
}

/** A setting that must lie in [least, below). */
export function expectSetting(fn: string, name: string, value: number, least: number, below: number): void {
  const rule = below === Number.POSITIVE_INFINITY ? `must be at least ${least} and finite` : `must be at least ${least} and below ${below}`;
  expectThat(value >= least && value < below, fn, name, rule, value);
}
