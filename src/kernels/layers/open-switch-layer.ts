import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import { type GemmCall, type Matrix, matrixOf } from '../gemm.ts';
import type { KernelTable } from '../table.ts';
import type { GroupedShape } from './grouped-gemm.ts';
import { rowsOf } from './matrices.ts';
import { chunked, grouped, type Phase, type Products, ROWS_PER_ITEM } from './phases.ts';
import { type OpenLists, openLists } from './routing-lists.ts';
import type { SwitchLayerPlan } from './switch-plan.ts';
import type { Draw } from './switch-routing.ts';

/** An opened layer. */
export interface OpenSwitchLayer {
  readonly plan: SwitchLayerPlan;
  readonly table: KernelTable;
  readonly lists: OpenLists;
  readonly draw: Draw;
  readonly products: Products;
  /** ` of layer 3` */
  readonly place: string;
}

/** Opens the layer for one thread. */
export function openLayer(plan: SwitchLayerPlan, table: KernelTable, draw: Draw): OpenSwitchLayer {
  for (const { shape } of plan.lanes)
    assert(shape[0] >= table.gemmScratchElements, `lanes of ${shape[0]} floats; ${table.path} needs ${table.gemmScratchElements}`);
  const lists = openLists(table.memory, plan.lists, plan.rows, plan.shape);
  const place = `layer ${plan.options.layer}`;
  return { plan, table, lists, draw, place, products: { table, lanes: plan.lanes, first: () => lists.first, place } };
}

/** A phase over the tokens of the layer. */
export function overTokens(
  { plan, place }: OpenSwitchLayer,
  name: string,
  run: (first: number, count: number, lane: number) => void,
): Phase {
  const { tokens } = plan.shape;
  return chunked(`${name} of ${place}`, tokens, ROWS_PER_ITEM, () => tokens, run);
}

/** A phase over the rows that batches have. */
export function overBatch({ plan, lists, place }: OpenSwitchLayer, name: string, run: (first: number, count: number) => void): Phase {
  return chunked(`${name} of ${place}`, plan.rows, ROWS_PER_ITEM, () => lists.first[plan.shape.experts], run);
}

/** A product for every expert, each for the rows that it has. */
export function overExperts(
  { plan, products }: OpenSwitchLayer,
  name: string,
  product: GroupedShape['product'],
  depth: number,
  columns: number,
  calls: (expert: number) => readonly GemmCall[],
): Phase {
  return grouped(products, name, { product, experts: plan.shape.experts, rows: plan.rows, depth, columns }, calls);
}

/** The rows of an expert in a tensor of batch rows. */
export function batchOf({ lists }: OpenSwitchLayer, view: TensorView, expert: number): Matrix {
  const first = lists.first[expert];
  return matrixOf(rowsOf(view, first, lists.first[expert + 1] - first));
}
