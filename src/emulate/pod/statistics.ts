import type { Phase } from '../../kernels/index.ts';
import { along, groupName, groupSize, type LayoutSpec, type MeshGroup, weightGroupOf } from '../../layout/index.ts';
import { type ArenaPlan, elementCount, type TensorView, type WeightMatrix } from '../../model/index.ts';
import type { Fellows } from './cores.ts';
import { allReduce, slice } from './exchange.ts';
import type { Pod } from './open-pod.ts';
import { isCut, isCutOverTensor } from './optimizer-state.ts';
import type { Parameter } from './parameters.ts';
import type { CorePlan, CutStatistics, HeldParameter, StatisticsPlan, SummedPlan } from './plan.ts';
import type { PodRequest } from './request.ts';

/**
 * Sums that Adafactor makes over whole matrices, where a layout cuts these: each core adds up its own numbers, then all-reduces add over the axes of the shards, and over the
 * tensor axis what that cuts: columns of a matrix cut the sums of rows, rows those of columns. Sums of all matrices that are sharded alike lie together, so that few collectives
 * send them.
 */
type Round = 'squares' | 'directions';

/** Axes that matrices are sharded over, in the order of the parameters: a bundle for each. */
function bundleGroups({ layout, optimizer }: PodRequest, parameters: readonly Parameter[]): MeshGroup[] {
  if (optimizer.name === 'adamw' || optimizer.name === 'sgd') return [];
  const cut = parameters.filter(({ matrix }) => isCut(matrix, layout));
  return [...new Map(cut.map(({ matrix }) => [groupName(weightGroupOf(matrix, layout)), weightGroupOf(matrix, layout)])).values()];
}

export function planStatistics(
  arena: ArenaPlan,
  request: PodRequest,
  parameters: readonly Parameter[],
  held: readonly (HeldParameter | null)[],
): StatisticsPlan | null {
  const groups = bundleGroups(request, parameters);
  if (groups.length === 0) return null;
  const of: (CutStatistics | null)[] = parameters.map(() => null);
  const bundles = groups.map((group) => {
    const wanted = parameters.flatMap(({ matrix }, index) => {
      const one = held[index];
      const isOfGroup = groupName(weightGroupOf(matrix, request.layout)) === groupName(group);
      return one !== null && isOfGroup && isCut(matrix, request.layout) ? [{ index, sums: sumsOf(matrix, one, request.layout) }] : [];
    });
    const squares = layTogether(
      arena,
      wanted.flatMap(({ sums: { rows, columns, weights } }) => [rows ?? [], columns ?? [], weights].flat()),
    );
    const directions = layTogether(
      arena,
      wanted.map(({ sums }) => sums.directions),
    );
    for (const { index, sums } of wanted) {
      of[index] = {
        rows: sums.rows === null ? null : squares.viewOf(sums.rows),
        columns: sums.columns === null ? null : squares.viewOf(sums.columns),
        weightSquares: squares.viewOf(sums.weights),
        directionSquares: directions.viewOf(sums.directions),
      };
    }
    return { squares: squares.summed, directions: directions.summed };
  });
  return { bundles, of };
}

interface Sums {
  readonly shape: readonly number[];
  readonly isOverTensor: boolean;
}

function sumsOf(matrix: WeightMatrix, { state, working }: HeldParameter, layout: LayoutSpec) {
  const isOverTensor = isCutOverTensor(matrix, layout);
  const of = (shape: readonly number[], isOver: boolean): Sums => ({ shape, isOverTensor: isOver });
  const copies = working.shape.length === 3 ? working.shape[0] : 1;
  const means = state.kind === 'factored' ? state : null;
  return {
    rows: means === null ? null : of(means.rowMeans.shape, isOverTensor && matrix.cut === 'columns'),
    columns: means === null ? null : of(means.columnMeans.shape, isOverTensor && matrix.cut === 'rows'),
    weights: of([copies], isOverTensor),
    directions: of([copies], isOverTensor),
  };
}

/** What is summed over the tensor axis too comes first. */
function layTogether(
  arena: ArenaPlan,
  wanted: readonly Sums[],
): { readonly summed: SummedPlan; readonly viewOf: (sums: Sums) => TensorView } {
  const places = new Map<Sums, number>();
  let elements = 0;
  const place = (isOver: boolean): void => {
    for (const sums of wanted) {
      if (sums.isOverTensor !== isOver) continue;
      places.set(sums, elements);
      elements += elementCount(sums.shape);
    }
  };
  place(true);
  const over = elements;
  place(false);
  const all = arena.allocate([elements], 'f32');
  return {
    summed: { all, overTensor: slice(all, 0, over) },
    viewOf: (sums) => ({ ...slice(all, places.get(sums) ?? 0, elementCount(sums.shape)), shape: sums.shape }),
  };
}

/** Every core gets the sums over the whole of each matrix that it has a part of. */
export function sumStatistics(pod: Pod, round: Round): Phase[] {
  const { request, parameters } = pod.plan;
  const over = (group: MeshGroup, viewOf: (core: CorePlan) => TensorView | undefined): Phase[] => {
    const views = pod.cores.map((core) => viewOf(core) ?? NOTHING);
    if (views.every(({ shape }) => elementCount(shape) === 0)) return [];
    const fellows: Fellows = { ...pod.fellows(group), name: statisticsOver(group) };
    return allReduce(pod, fellows, ({ core }) => views[core]);
  };
  return bundleGroups(request, parameters).flatMap((group, bundle) => [
    ...over(group, ({ statistics }) => statistics?.bundles[bundle][round].all),
    ...over(along('tensor'), ({ statistics }) => statistics?.bundles[bundle][round].overTensor),
  ]);
}

const NOTHING: TensorView = { offset: 0, shape: [0], dtype: 'f32' };

/** Names under which bytes of statistics are counted: the program does not send them. */
export function statisticsTraffic(request: PodRequest, parameters: readonly Parameter[]): string[] {
  const groups = bundleGroups(request, parameters);
  const all = groups.length === 0 ? [] : [...groups, along('tensor')];
  return all.filter((group) => groupSize(request.layout, group) > 1).map(statisticsOver);
}

export function statisticsOver(group: MeshGroup): string {
  return `${groupName(group)} (statistics)`;
}
