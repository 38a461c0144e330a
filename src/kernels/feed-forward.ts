import { assert, gelu } from '../base/index.ts';
import { type ArenaPlan, bf16Elements, f32Elements, type TensorView } from '../model/index.ts';
import { roundArrayToBf16 } from './bf16.ts';
import type { KernelMemory, KernelTable } from './table.ts';

/**
 * The feed-forward network of one expert, forward, on the batch that its capacity buffer holds.
 *
 * S rows (tokens of the batch), D = dModel, F = dExpert.
 *   input  [S, D] bf16      gate [D, F] bf16 (GEGLU only)    in [D, F] bf16    out [F, D] bf16    output [S, D] bf16
 *   ffnMatrices 3, GEGLU (Shazeer 2020, arXiv:2002.05202, equation 6): hidden = gelu(input gate) * (input in)
 *   ffnMatrices 2, ReLU: hidden = max(input in, 0)
 *   output = hidden out
 *
 * Matrix products take bf16 and sum in f32; the activation works on the f32 sums and is rounded to f32; hidden and output are rounded to bf16
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
  /** One packed weight matrix, the largest of them. */
  readonly packed: TensorView;
  /** Scratch of the table's matrix product. */
  readonly product: TensorView;
  /** [S, F] f32; null for ReLU. */
  readonly gateSums: TensorView | null;
  /** [S, F] f32 */
  readonly inSums: TensorView;
  /** [S, F] bf16 */
  readonly hidden: TensorView;
  /** [S, D] f32 */
  readonly outSums: TensorView;
}

/** Lays the scratch for batches of up to shape.rows rows; packed sizes differ between tables, so it belongs to `table`. */
export function planFeedForward(arena: ArenaPlan, table: KernelTable, shape: FeedForwardShape): FeedForwardScratch {
  const { rows, dModel, dExpert } = shape;
  const packed = Math.max(table.packedElements(dModel, dExpert), table.packedElements(dExpert, dModel));
  const product = Math.max(table.scratchElements(rows, dModel, dExpert), table.scratchElements(rows, dExpert, dModel));
  return {
    packed: arena.allocate([packed], 'f32'),
    product: arena.allocate([product], 'f32'),
    gateSums: shape.ffnMatrices === 3 ? arena.allocate([rows, dExpert], 'f32') : null,
    inSums: arena.allocate([rows, dExpert], 'f32'),
    hidden: arena.allocate([rows, dExpert], 'bf16'),
    outSums: arena.allocate([rows, dModel], 'f32'),
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
  assert(rows <= scratch.inSums.shape[0], `feed-forward of ${rows} rows with scratch for ${scratch.inSums.shape[0]}`);
  assert((weights.gate === null) === (scratch.gateSums === null), 'weights and scratch must both have a gate, or neither');
  const hidden = firstRows(scratch.hidden, rows);
  const inSums = firstRows(scratch.inSums, rows);
  const outSums = firstRows(scratch.outSums, rows);
  const multiply = (a: TensorView, b: TensorView, sums: TensorView): void => {
    table.packRight(b, scratch.packed);
    table.matmul(a, scratch.packed, sums, scratch.product);
  };

  multiply(input, weights.in, inSums);
  const sums = f32Elements(table.memory.buffer, inSums);
  if (weights.gate !== null && scratch.gateSums !== null) {
    const gateSums = firstRows(scratch.gateSums, rows);
    multiply(input, weights.gate, gateSums);
    geglu(f32Elements(table.memory.buffer, gateSums), sums);
  } else {
    relu(sums);
  }
  round(table.memory, inSums, hidden);
  multiply(hidden, weights.out, outSums);
  round(table.memory, outSums, output);
}

/** values = gelu(gate) * values, rounded to f32 */
function geglu(gate: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = gelu(gate[i]) * values[i];
}

/** NaN stays NaN. */
function relu(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) if (values[i] <= 0) values[i] = 0;
}

function round(memory: KernelMemory, sums: TensorView, target: TensorView): void {
  roundArrayToBf16(f32Elements(memory.buffer, sums), bf16Elements(memory.buffer, target));
}

function firstRows(view: TensorView, rows: number): TensorView {
  return { ...view, shape: [rows, view.shape[1]] };
}
