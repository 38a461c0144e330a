import {
  chunked,
  type GemmCall,
  type GroupedShape,
  grouped,
  listFrom,
  type Phase,
  ROWS_PER_ITEM,
  rowsOf,
  together,
} from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import { dropInto, dropTokens } from './dropout.ts';
import { everywhere, type Pod } from './open-pod.ts';
import type { CorePlan } from './plan.ts';
import { partOf } from './stream-parts.ts';
import { clear, heldOf } from './weights.ts';

type RowsOfCore = (core: CorePlan, first: number, count: number, lane: number) => void;

/** A phase over the tokens of every core. */
export function overTokens(pod: Pod, name: string, run: RowsOfCore): Phase {
  return overRows(pod, name, ({ tokens }) => tokens, run);
}

/** A phase over every core's part of the stream. */
export function overPart(pod: Pod, name: string, run: RowsOfCore): Phase {
  return overRows(pod, name, ({ tokensOfPart }) => tokensOfPart, run);
}

function overRows(pod: Pod, name: string, rowsOfCore: (core: CorePlan) => number, run: RowsOfCore): Phase {
  return everywhere(pod, (core) => {
    const rows = rowsOfCore(core);
    return chunked(
      `${name} on core ${core.core}`,
      rows,
      ROWS_PER_ITEM,
      () => rows,
      (first, count, lane) => run(core, first, count, lane),
    );
  });
}

/** Products of every core whose target is one matrix, cut into items. */
export function product(
  { table, plan }: Pod,
  core: CorePlan,
  name: string,
  kind: GroupedShape['product'],
  calls: readonly GemmCall[],
): Phase {
  const [{ left, target, transposeLeft }] = calls;
  const rows = kind === 'rows' ? target.rows : left.rows;
  const depth = kind === 'weights' ? target.rows : transposeLeft ? left.rows : left.columns;
  const first = Int32Array.of(0, rows);
  const products = { table, lanes: plan.lanes, first: () => first, place: `core ${core.core}` };
  return grouped(products, name, { product: kind, experts: 1, rows, depth, columns: target.columns }, () => calls);
}

/** Unit `unit` begins: normed = the norm of the stream before sub-layer `at`. */
export function norm(pod: Pod, unit: number, at: number, normOf: (core: CorePlan) => Normed): Phase {
  return overPart(pod, 'norm', (core, first, count) => {
    const { normed, inverseRms } = normOf(core);
    const rows = (view: TensorView): TensorView => rowsOf(view, first, count);
    pod.table.rmsNorm(rows(core.stream[at]), heldOf(pod, core, unit, 'gain').working, rows(normed), listOf(inverseRms, first, count));
  });
}

export interface Normed {
  readonly normed: TensorView;
  readonly inverseRms: TensorView;
}

/** The stream behind sub-layer `at` = the stream before it + what it made. */
export function residual(pod: Pod, at: number): Phase {
  const { table, plan } = pod;
  return overPart(pod, 'residual', (core, first, count) => {
    const { stream, scratch } = core;
    const target = rowsOf(stream[at + 1], first, count);
    const made = rowsOf(partOf(core, scratch.partial), first, count);
    dropTokens(pod, core, at, made, first);
    table.convert(rowsOf(stream[at], first, count), target);
    table.combineRows(made, plan.identity, plan.identity, null, target, true);
  });
}

/** The gradient of a core's part of the stream before sub-layer `at`, or behind the last one. */
export function streamGradient({ scratch }: CorePlan, at: number): TensorView {
  return scratch.dStream[at % 2];
}

/** The gradient of what sub-layer `at` made: that of the stream behind it, or a copy without what was dropped. */
export function outputGradient(core: CorePlan, at: number): TensorView {
  return core.scratch.dropped ?? streamGradient(core, at + 1);
}

export function dropGradient(pod: Pod, at: number): Phase[] {
  if (pod.plan.request.dropout === 0) return [];
  const phase = overPart(pod, 'dropout of the gradient', (core, first, count) => {
    dropInto(pod, core, at, streamGradient(core, at + 1), outputGradient(core, at), first, count);
  });
  return [phase];
}

/** The gradient before sub-layer `at` = that behind it (nothing where it is the first of a backward pass) + what comes through the norm; and that of the gain. */
export function normBackward(pod: Pod, unit: number, at: number, normOf: (core: CorePlan) => Normed, hasResidual = true): Phase {
  const { table } = pod;
  return together(
    overPart(pod, 'backward of norm', (core, first, count) => {
      const rows = (view: TensorView): TensorView => rowsOf(view, first, count);
      const target = rows(streamGradient(core, at));
      if (hasResidual) table.convert(rows(streamGradient(core, at + 1)), target);
      else clear(pod, target);
      const gain = heldOf(pod, core, unit, 'gain').working;
      const dNormed = rows(partOf(core, core.scratch.dNormed));
      table.rmsNormBackward(rows(core.stream[at]), gain, listOf(normOf(core).inverseRms, first, count), dNormed, target);
    }),
    everywhere(pod, (core) => {
      const { gradient } = heldOf(pod, core, unit, 'gain');
      const columns = gradient.shape[0];
      return chunked(
        `gradient of the gain on core ${core.core}`,
        columns,
        GAIN_COLUMNS,
        () => columns,
        (from, count) => {
          const { inverseRms } = normOf(core);
          const dNormed = partOf(core, core.scratch.dNormed);
          table.rmsNormBackwardGain(core.stream[at], inverseRms, dNormed, gradient, { from, to: from + count });
        },
      );
    }),
  );
}

/** Columns of an item of the gain's gradient. */
const GAIN_COLUMNS = 64;

/** Numbers first .. first + count - 1 of an f32 list. */
export function listOf(view: TensorView, first: number, count: number): TensorView {
  return { ...view, offset: listFrom(view.offset, first), shape: [count] };
}
