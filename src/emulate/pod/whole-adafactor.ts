import { assert } from '../../base/index.ts';
import { type AdafactorCall, type AdafactorSettings, runAdafactor } from '../../kernels/index.ts';
import { elementCount, type TensorView } from '../../model/index.ts';
import { slice } from './exchange.ts';
import type { Pod } from './open-pod.ts';
import { narrowCopy, stepOfUpdate } from './optimizer-state.ts';
import type { HeldParameter, ParameterState } from './plan.ts';

/** Updates matrices that a core has whole, by the kernels, one after the other: those of experts are several. */
export function updateWhole(pod: Pod, held: HeldParameter, settings: Partial<AdafactorSettings>, lane: number): void {
  const { state, stored, gradientShard, working } = held;
  const copies = working.shape.length === 3 ? working.shape[0] : 1;
  const elements = elementCount(stored.shape) / copies;
  const shape = state.kind === 'factored' ? working.shape.slice(-2) : [elements];
  const copy = narrowCopy(held);
  const at = stepOfUpdate(pod);
  for (let matrix = 0; matrix < copies; matrix++) {
    const part = (view: TensorView): TensorView => ({ ...slice(view, matrix * elements, elements), shape });
    runAdafactor(pod.table, {
      weights: part(stored),
      gradient: part(gradientShard),
      copy: copy === null ? null : part(copy),
      ...meansOf(state, matrix, shape),
      scratch: pod.plan.updateScratch[lane],
      settings,
      at,
    });
  }
}

function meansOf(state: ParameterState, matrix: number, shape: readonly number[]): Pick<AdafactorCall, 'rowMeans' | 'columnMeans'> {
  const of = (view: TensorView, count: number): TensorView => slice(view, matrix * count, count);
  if (state.kind === 'unfactored') return { rowMeans: null, columnMeans: of(state.secondMoment, shape[0]) };
  assert(state.kind === 'factored', `Adafactor with a state of ${state.kind}`);
  return { rowMeans: of(state.rowMeans, shape[0]), columnMeans: of(state.columnMeans, shape[1]) };
}
