import { assert } from '../../base/index.ts';
import { type AdafactorSettings, adafactorSettings, F32, freshShare, type Phase } from '../../kernels/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import {
  addDirections,
  addSquares,
  type CutMatrix,
  type CutNumbers,
  rateOf,
  type SecondMoment,
  takeStep,
  updateSecondMoment,
} from './adafactor-shards.ts';
import { isHealthy } from './health.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import { narrowCopy, stepOfUpdate } from './optimizer-state.ts';
import type { CorePlan, CutStatistics, HeldParameter, ParameterState } from './plan.ts';
import { sumStatistics } from './statistics.ts';
import { updateWhole } from './whole-adafactor.ts';

/**
 * Adafactor on every core. A matrix that a core has whole is updated by the kernels. Of one that the layout cuts, means of rows and columns and root mean squares are those of
 * the whole matrix: two rounds of sums are exchanged, of squares, and of the directions that these lead to. The weights of each expert are a matrix of their own.
 */
export function adafactor(pod: Pod, given: Partial<AdafactorSettings>): Phase[] {
  const settings = adafactorSettings(given);
  const onEach = (name: string, run: (core: CorePlan, lane: number) => void): Phase =>
    onEachCore(pod, name, (core, lane) => {
      if (isHealthy(pod.plan, pod.buffer)) run(core, lane);
    });
  const squares = onEach('sums of squares', (core) => {
    for (const { cut, numbers, secondMoment, weightSquares, directionSquares } of cutParameters(pod, core)) {
      const ofSides = secondMoment.kind === 'factored' ? [secondMoment.rows, secondMoment.columns] : [];
      for (const sums of [...ofSides, weightSquares, directionSquares]) sums.fill(0);
      addSquares(cut, numbers, settings.epsilon1, secondMoment, weightSquares);
    }
  });
  const directions = onEach('directions of the update', (core) => {
    const fresh = freshShare(F32, settings, stepOfUpdate(pod).step);
    for (const { cut, numbers, secondMoment, directionSquares } of cutParameters(pod, core)) {
      updateSecondMoment(cut, numbers.gradient, settings.epsilon1, fresh, secondMoment);
      addDirections(cut, numbers.gradient, secondMoment, directionSquares);
    }
  });
  const steps = onEach('update', (core, lane) => {
    const { learningRate } = stepOfUpdate(pod);
    for (const one of wholeParameters(core)) updateWhole(pod, one, given, lane);
    for (const { held, cut, numbers, secondMoment, weightSquares, directionSquares } of cutParameters(pod, core)) {
      takeStep(cut, numbers, secondMoment, (matrix) =>
        rateOf(cut, weightSquares[matrix], directionSquares[matrix], { ...settings, learningRate }),
      );
      const copy = narrowCopy(held);
      if (copy !== null) pod.table.convert(held.stored, copy);
    }
  });
  const areCut = pod.cores.some(({ statistics }) => statistics !== null);
  return areCut ? [squares, ...sumStatistics(pod, 'squares'), directions, ...sumStatistics(pod, 'directions'), steps] : [steps];
}

function wholeParameters({ held, statistics }: CorePlan): HeldParameter[] {
  return held.flatMap((one, index) => (one === null || (statistics !== null && statistics.of[index] !== null) ? [] : [one]));
}

/** What a core has of a cut matrix, open. */
interface CutParameter {
  readonly held: HeldParameter;
  readonly cut: CutMatrix;
  readonly numbers: CutNumbers;
  readonly secondMoment: SecondMoment;
  /** By matrix. */
  readonly weightSquares: Float32Array;
  readonly directionSquares: Float32Array;
}

function cutParameters({ plan, buffer }: Pod, { held, statistics }: CorePlan): CutParameter[] {
  const values = (view: TensorView): Float32Array => f32Elements(buffer, view);
  return plan.parameters.flatMap(({ matrix }, index) => {
    const [one, sums] = [held[index], statistics?.of[index] ?? null];
    if (one === null || sums === null) return [];
    const { state, working, stored, gradientShard, shardIndex } = one;
    const [rows, columns] = working.shape.length === 1 ? [1, working.shape[0]] : working.shape.slice(-2);
    const numbers = { weights: values(stored), gradient: values(gradientShard) };
    return {
      held: one,
      cut: { rows, columns, wholeRows: matrix.rows, wholeColumns: matrix.columns, first: shardIndex * numbers.weights.length },
      numbers,
      secondMoment: openSecondMoment(state, sums, values),
      weightSquares: values(sums.weightSquares),
      directionSquares: values(sums.directionSquares),
    };
  });
}

function openSecondMoment(
  state: ParameterState,
  { rows, columns }: CutStatistics,
  values: (view: TensorView) => Float32Array,
): SecondMoment {
  if (state.kind === 'unfactored') return { kind: 'unfactored', values: values(state.secondMoment) };
  assert(state.kind === 'factored' && rows !== null && columns !== null, `Adafactor with a state of ${state.kind}`);
  const means = { rowMeans: values(state.rowMeans), columnMeans: values(state.columnMeans) };
  return { kind: 'factored', ...means, rows: values(rows), columns: values(columns) };
}
