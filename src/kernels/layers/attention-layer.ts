import { assert } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, type TensorView } from '../../model/index.ts';
import { type GemmCall, type Matrix, matrixOf, STORE } from '../gemm.ts';
import type { Step } from '../step.ts';
import type { KernelTable } from '../table.ts';
import { attentionPhases } from './attention.ts';
import { attentionBackwardPhases } from './attention-backward.ts';
import type { AttentionLayerPlan } from './attention-layer-plan.ts';
import { rowsOf } from './matrices.ts';
import { chunked, grouped, type Phase, ROWS_PER_ITEM, stepOf, together } from './phases.ts';
import { forwards, towardsInput, towardsWeights } from './products.ts';

/**
 * An attention sub-layer on the memory of a kernel table, forward or backward, with norm and residual: what `attentionLayer` of the reference kernels computes in BF16 or
 * F32 without rotary embedding, bit for bit, on any number of lanes.
 *
 *   forward: norm | q, k, v | attention | output | residual
 *   backward: dContext, dOutput | attention backward | dNormed, dQuery, dKey, dValue | dx, dGain
 */
export function openAttentionLayerStep(plan: AttentionLayerPlan, table: KernelTable, pass: 'forward' | 'backward'): Step {
  return stepOf(pass === 'forward' ? forwardPhases(plan, table) : backwardPhases(plan, table));
}

/** Columns of an item of the gain's gradient. */
const GAIN_COLUMNS = 64;

function forwardPhases(plan: AttentionLayerPlan, table: KernelTable): Phase[] {
  const { attention, weights, x, y, normed, inverseRms } = plan;
  const { queries, sources } = matricesOf(plan);
  const project = (name: string, rows: Matrix, weight: TensorView, target: Matrix): Phase =>
    product(plan, table, name, 'rows', [{ ...forwards(rows, matrixOf(weight)), target, epilogue: STORE }]);
  return [
    overQueries(plan, 'norm', (first, count) => {
      const rows = (view: TensorView): TensorView => rowsOf(view, first, count);
      const inverses: TensorView = { ...inverseRms, offset: inverseRms.offset + first * 4, shape: [count] };
      table.rmsNorm(rows(x), weights.gain, rows(normed), inverses);
    }),
    together(
      project('query', queries.rows, weights.query, queries.projected(attention.q)),
      project('key', sources.rows, weights.key, sources.projected(attention.k)),
      project('value', sources.rows, weights.value, sources.projected(attention.v)),
    ),
    ...attentionPhases(attention, table),
    project('output', queries.projected(attention.context), weights.output, matrixOf(y)),
    overQueries(plan, 'residual', (first, count, lane) => addRows(plan, table, x, y, first, count, lane)),
  ];
}

function backwardPhases(plan: AttentionLayerPlan, table: KernelTable): Phase[] {
  const { attention, weights, x, backward, inverseRms, shape } = plan;
  assert(backward !== null && attention.backward !== null, 'a plan without training has no backward pass');
  const { dContext, dq, dk, dv } = attention.backward;
  const { dy, dx, dNormed, gradients } = backward;
  const { queries, sources } = matricesOf(plan);
  const [ofQueries, ofKeys, ofValues] = [queries.projected(dq), sources.projected(dk), sources.projected(dv)];
  const weightProduct = (name: string, call: GemmCall): Phase => product(plan, table, name, 'weights', [call]);
  return [
    together(
      product(plan, table, 'dContext', 'rows', [
        { ...towardsInput(matrixOf(dy), matrixOf(weights.output)), target: queries.projected(dContext), epilogue: STORE },
      ]),
      weightProduct('dOutput', towardsWeights(queries.projected(attention.context), matrixOf(dy), matrixOf(gradients.output))),
      ...[dq, dk, dv].map((view) => clearing(plan, table, view)),
    ),
    ...attentionBackwardPhases(attention, table),
    together(
      ...inputPhases(plan, table, [ofQueries, ofKeys, ofValues]),
      weightProduct('dQuery', towardsWeights(queries.rows, ofQueries, matrixOf(gradients.query))),
      weightProduct('dKey', towardsWeights(sources.rows, ofKeys, matrixOf(gradients.key))),
      weightProduct('dValue', towardsWeights(sources.rows, ofValues, matrixOf(gradients.value))),
    ),
    together(
      overQueries(plan, 'dx', (first, count, lane) => {
        addRows(plan, table, dy, dx, first, count, lane);
        const rows = (view: TensorView): TensorView => rowsOf(view, first, count);
        const inverses: TensorView = { ...inverseRms, offset: inverseRms.offset + first * 4, shape: [count] };
        table.rmsNormBackward(rows(x), weights.gain, inverses, rows(dNormed), rows(dx));
      }),
      chunked(
        `dGain of ${placeOf(plan)}`,
        shape.dModel,
        GAIN_COLUMNS,
        () => shape.dModel,
        (from, count) => {
          const all = (view: TensorView): TensorView => rowsOf(view, 0, shape.batch * shape.queries);
          table.rmsNormBackwardGain(all(x), inverseRms, all(dNormed), gradients.gain, { from, to: from + count });
        },
      ),
    ),
  ];
}

/** dNormed, and dMemory in cross-attention, stored after each of their products: query, key, value in this order. */
function inputPhases(plan: AttentionLayerPlan, table: KernelTable, [ofQueries, ofKeys, ofValues]: readonly Matrix[]): Phase[] {
  const { weights, backward } = plan;
  assert(backward !== null, 'a plan without training has no backward pass');
  const dNormed = matrixOf(backward.dNormed);
  const query: GemmCall = { ...towardsInput(ofQueries, matrixOf(weights.query)), target: dNormed, epilogue: STORE };
  const sources = (target: Matrix): GemmCall[] => [
    { ...towardsInput(ofKeys, matrixOf(weights.key)), target, epilogue: { kind: 'add' } },
    { ...towardsInput(ofValues, matrixOf(weights.value)), target, epilogue: { kind: 'add' } },
  ];
  if (backward.dMemory === null) return [product(plan, table, 'dNormed', 'rows', [query, ...sources(dNormed)])];
  return [product(plan, table, 'dNormed', 'rows', [query]), product(plan, table, 'dMemory', 'rows', sources(matrixOf(backward.dMemory)))];
}

/** Rows of queries and of keys, and their projections, whose heads stand side by side. */
function matricesOf({ shape, normed, memory }: AttentionLayerPlan) {
  const { batch, queries, keys } = shape;
  const sideBySide =
    (rows: number) =>
    (view: TensorView): Matrix =>
      matrixOf({ ...view, shape: [rows, view.shape[2] * view.shape[3]] });
  return {
    queries: { rows: matrixOf(normed), projected: sideBySide(batch * queries) },
    sources: { rows: matrixOf(memory ?? normed), projected: sideBySide(batch * keys) },
  };
}

/** Calls of one target shape, cut into items. */
function product(plan: AttentionLayerPlan, table: KernelTable, name: string, kind: 'rows' | 'weights', calls: readonly GemmCall[]): Phase {
  const [{ left, target }] = calls;
  const rows = left.rows;
  const depth = kind === 'rows' ? left.columns : target.rows;
  const first = Int32Array.of(0, rows);
  const products = { table, lanes: plan.attention.lanes, first: () => first, place: placeOf(plan) };
  return grouped(products, name, { product: kind, experts: 1, rows, depth, columns: target.columns }, () => calls);
}

function overQueries(plan: AttentionLayerPlan, name: string, run: (first: number, count: number, lane: number) => void): Phase {
  const rows = plan.shape.batch * plan.shape.queries;
  return chunked(`${name} of ${placeOf(plan)}`, rows, ROWS_PER_ITEM, () => rows, run);
}

function placeOf({ attention }: AttentionLayerPlan): string {
  return `attention layer ${attention.options.layer}`;
}

/** target += source, row by row: the combine of one row each. */
function addRows(
  { laneRows }: AttentionLayerPlan,
  table: KernelTable,
  source: TensorView,
  target: TensorView,
  first: number,
  count: number,
  lane: number,
): void {
  const list = laneRows[lane];
  new Int32Array(table.memory.buffer, list, count + 1).forEach((_, row, own) => {
    own[row] = row;
  });
  table.combineRows(rowsOf(source, first, count), list, list, null, rowsOf(target, first, count), true);
}

/** A gradient [B, N, H, D] that attention adds to begins with 0. */
function clearing(plan: AttentionLayerPlan, table: KernelTable, view: TensorView): Phase {
  const [batch, rows, heads, headDim] = view.shape;
  const dense: TensorView = { ...view, shape: [batch * rows, heads * headDim] };
  return chunked(
    `clearing of ${placeOf(plan)}`,
    batch * rows,
    ROWS_PER_ITEM,
    () => batch * rows,
    (first, count) => {
      const { offset } = rowsOf(dense, first, count);
      new Uint8Array(table.memory.buffer, offset, count * heads * headDim * BYTES_PER_ELEMENT[view.dtype]).fill(0);
    },
  );
}
