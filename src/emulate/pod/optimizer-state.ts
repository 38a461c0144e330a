import { adafactorScratchElements, type OptimizerStep } from '../../kernels/index.ts';
import { axisSize, groupSize, type LayoutSpec, weightGroupOf } from '../../layout/index.ts';
import { type ArenaPlan, type TensorView, tensorShard, type WeightMatrix } from '../../model/index.ts';
import { updatesDone } from './health.ts';
import { learningRateAt } from './learning-rate.ts';
import type { Pod } from './open-pod.ts';
import type { Parameter } from './parameters.ts';
import type { HeldParameter, ParameterState } from './plan.ts';
import type { PodRequest } from './request.ts';

/** Of `copies` local parts of a matrix, of which the core stores so many elements. */
export function planState(
  arena: ArenaPlan,
  { optimizer, layout }: PodRequest,
  matrix: WeightMatrix,
  copies: number,
  stored: number,
): ParameterState {
  const own = (): TensorView => arena.allocate([stored], 'f32');
  if (optimizer.name === 'adamw') return { kind: 'moments', firstMoment: own(), secondMoment: own() };
  if (optimizer.name === 'sgd') return { kind: 'velocity', velocity: (optimizer.settings.momentum ?? 0) > 0 ? own() : null };
  if (matrix.rows === 1 || optimizer.name === 'adafactor-unfactored') return { kind: 'unfactored', secondMoment: own() };
  const { rows, columns } = tensorShard(matrix, axisSize(layout, 'tensor'));
  return { kind: 'factored', rowMeans: arena.allocate([copies, rows], 'f32'), columnMeans: arena.allocate([copies, columns], 'f32') };
}

/** A tensor of the state, and which numbers of the parameter it has: equal words on two cores say that both have the same ones. */
export interface KeptTensor {
  readonly view: TensorView;
  readonly numbers: string;
}

export function keptTensors(held: HeldParameter): KeptTensor[] {
  const { state, first } = held;
  const ofShard = (what: string, view: TensorView): KeptTensor => ({ view, numbers: `${what} ${placeOfShard(held)}` });
  if (state.kind === 'moments') return [ofShard('first', state.firstMoment), ofShard('second', state.secondMoment)];
  if (state.kind === 'velocity') return state.velocity === null ? [] : [ofShard('velocity', state.velocity)];
  if (state.kind === 'unfactored') return [ofShard('second', state.secondMoment)];
  return [
    { view: state.rowMeans, numbers: `rows ${first.copy} ${first.row}` },
    { view: state.columnMeans, numbers: `columns ${first.copy} ${first.column}` },
  ];
}

export function placeOfShard({ shardIndex, first: { copy, row, column } }: HeldParameter): string {
  return `${copy} ${row} ${column} ${shardIndex}`;
}

/** The copy in the type of products, where that is another one than the stored weights'. */
export function narrowCopy({ sent }: HeldParameter): TensorView | null {
  return sent.dtype === 'bf16' ? sent : null;
}

/** Number and rate of the update that the step is to make: steps that changed no weight do not count. */
export function stepOfUpdate({ plan, buffer }: Pod): OptimizerStep {
  const step = updatesDone(plan, buffer) + 1;
  return { step, learningRate: learningRateAt(plan.request.optimizer.learningRate, step) };
}

/** Whether no core has all of a matrix (of an expert's, where there are several). */
export function isCut(matrix: WeightMatrix, layout: LayoutSpec): boolean {
  return groupSize(layout, weightGroupOf(matrix, layout)) > 1 || isCutOverTensor(matrix, layout);
}

export function isCutOverTensor(matrix: WeightMatrix, layout: LayoutSpec): boolean {
  const { rows, columns } = tensorShard(matrix, axisSize(layout, 'tensor'));
  return rows < matrix.rows || columns < matrix.columns;
}

/** What updates of matrices that are not cut need at most. */
export function updateScratchElements({ layout, optimizer }: PodRequest, parameters: readonly Parameter[]): number {
  if (optimizer.name === 'adamw' || optimizer.name === 'sgd') return 0;
  const factors = optimizer.name === 'adafactor';
  return parameters.reduce((most, { matrix }) => {
    const { rows, columns } = matrix;
    if (isCut(matrix, layout)) return most;
    return Math.max(most, adafactorScratchElements(factors ? { rows, columns } : { rows: 1, columns: rows * columns }));
  }, 0);
}
