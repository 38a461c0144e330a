import type { Bytes } from '../base/index.ts';
import type { TensorView } from '../model/index.ts';

/**
 * Moving rows between the order of tokens and the order of experts, and changes of dtype. Everything here is bound by memory.
 *
 * S tokens, B rows of batches, D = dModel; a list is int32 or f32 numbers in the memory of the table, by the address of the first. Rows of one call have one dtype
 * (f32 or bf16), but where stated. Targets overlap neither sources nor lists.
 *   dispatch: batch = gatherRows(x, token of each batch row)                   its backward: dx += combineRows(dBatch) without weights
 *   combine:  y = combineRows(batchOut, rows of each token, weights)           its backward: combineRowsBackward
 *   embedding: y = gatherRows(table, ids)                                      its backward: scatterAddRows
 *
 * The bits are those of the products with masks in `reference/dispatch.ts`: a sum starts from 0, so no -0 comes out of one. A row number that does not exist is refused.
 */
export interface MoveKernels {
  /** target [R, D]: row r = 0 + row rows[r] of source, or zeros where rows[r] is -1. `rows` int32 [R]. */
  gatherRows(source: TensorView, rows: Bytes, target: TensorView): void;
  /**
   * target [S, D]: row s = round((adds ? target_s : 0) + sum over its entries n of f32(weight_n source[rows_n])), entries starts[s] .. starts[s + 1] - 1 in their order,
   * sums in f32 from 0. `starts` int32 [S + 1], `rows` int32, `weights` f32 (rounded to bf16 first where rows are bf16) or null for 1.
   */
  combineRows(source: TensorView, starts: Bytes, rows: Bytes, weights: Bytes | null, target: TensorView, adds: boolean): void;
  /**
   * The backward of a combine, by batch row: dSource [B, D] row b = round(0 + f32(weight_b dTarget[tokens_b])), zeros where tokens_b is -1; dWeights_b = dTarget[tokens_b] . source_b,
   * 0 where tokens_b is -1: four partial sums by column modulo 4, added as (0 + 1) + (2 + 3). `tokens` int32 [B], `weights` and `dWeights` f32 [B] (weights rounded to bf16 first
   * where rows are bf16).
   */
  combineRowsBackward(source: TensorView, dTarget: TensorView, tokens: Bytes, weights: Bytes, dSource: TensorView, dWeights: Bytes): void;
  /** target (f32) [V, D]: row rows[t] += row t of source [T, D], in the order of t. `rows` int32 [T]. */
  scatterAddRows(source: TensorView, rows: Bytes, target: TensorView): void;
  /** target = source in the dtype of target, of as many elements: bf16 is rounded to nearest, ties to even. */
  convert(source: TensorView, target: TensorView): void;
}
