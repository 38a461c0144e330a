import { assert } from '../base/index.ts';
import type { ArenaPlan, TensorView } from '../model/index.ts';
import { type Epilogue, matrixOf, STORE } from './gemm.ts';
import type { KernelTable } from './table.ts';

/**
 * The feed-forward network of one expert, forward, on the batch that its capacity buffer holds.
 *
 * S rows (tokens of the batch), D = dModel, F = dExpert.
 *   input  [S, D] bf16      gate [D, F] bf16 (GEGLU only)    in [D, F] bf16    out [F, D] bf16    output [S, D] bf16
 *   ffnMatrices 3, GEGLU (Shazeer 2020, arXiv:2002.05202, equation 6): hidden = gelu(input gate) * (input in)
 *   ffnMatrices 2, ReLU: hidden = max(input in, 0)
 *   output = hidden out
 *
 * Matrix products take bf16 and sum in f32; the activation works in f32 on the sums, while they are in cache; hidden and output are rounded to bf16
 * once. The same code runs on every kernel table, so two tables are compared by comparing `output`.
 */
export interface FeedForwardShape {
  /** Most rows that a batch may have. */
  readonly rows: number;
  readonly dModel: number;
  readonly dExpert: number;
  readonly ffnMatrices: 2 | 3;
}

export interface FeedForwardWeights {
  /** Null for ReLU. */
  readonly gate: TensorView | null;
  readonly in: TensorView;
  readonly out: TensorView;
}

/** Memory for one batch at a time; its contents may be anything before and after. */
export interface FeedForwardScratch {
  /** Scratch of the table's matrix product. */
  readonly product: TensorView;
  /** [S, F] f32; null for ReLU. */
  readonly gateSums: TensorView | null;
  /** [S, F] bf16 */
  readonly hidden: TensorView;
}

/** Lays the scratch for batches of up to shape.rows rows; products need more or less of it on different tables, so it belongs to `table`. */
export function planFeedForward(arena: ArenaPlan, table: KernelTable, shape: FeedForwardShape): FeedForwardScratch {
  const { rows, dExpert } = shape;
  return {
    product: arena.allocate([table.gemmScratchElements], 'f32'),
    gateSums: shape.ffnMatrices === 3 ? arena.allocate([rows, dExpert], 'f32') : null,
    hidden: arena.allocate([rows, dExpert], 'bf16'),
  };
}

/** output [S, D] = the expert's network on input [S, D]; S may be less than the scratch was planned for. */
export function feedForward(
  table: KernelTable,
  input: TensorView,
  weights: FeedForwardWeights,
  output: TensorView,
  scratch: FeedForwardScratch,
): void {
  const rows = input.shape[0];
  assert(rows <= scratch.hidden.shape[0], `feed-forward of ${rows} rows with scratch for ${scratch.hidden.shape[0]}`);
  assert((weights.gate === null) === (scratch.gateSums === null), 'weights and scratch must both have a gate, or neither');
  const hidden = firstRows(scratch.hidden, rows);
  const multiply = (a: TensorView, b: TensorView, target: TensorView, epilogue: Epilogue): void => {
    const operands = { left: matrixOf(a), transposeLeft: false, right: matrixOf(b), transposeRight: false };
    table.gemm({ ...operands, target: matrixOf(target), accumulate: false, epilogue }, scratch.product);
  };

  if (weights.gate !== null && scratch.gateSums !== null) {
    const gateSums = firstRows(scratch.gateSums, rows);
    multiply(input, weights.gate, gateSums, STORE);
    multiply(input, weights.in, hidden, { kind: 'gated', gate: 'gelu', gateSums: matrixOf(gateSums), sums: null });
  } else {
    multiply(input, weights.in, hidden, { kind: 'relu', bias: null });
  }
  multiply(hidden, weights.out, output, STORE);
}

function firstRows(view: TensorView, rows: number): TensorView {
  return { ...view, shape: [rows, view.shape[1]] };
}
