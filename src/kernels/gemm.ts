import type { Bytes } from '../base/index.ts';
import type { Dtype, TensorView } from '../model/index.ts';

/**
 * The general matrix product, with what is usually done to its sums while they are still in cache.
 *
 *   sums [M, N] = op(left) [M, K] x op(right) [K, N],  op(X) = X or its transpose      target = epilogue(sums)
 *
 * Each sum is one f32 accumulator in the order of k: sum = f32(sum + f32(a b)), from 0, or from what target holds. NN is a forward product, NT its gradient
 * by the input, TN its gradient by the weights. All paths give the same bits for all operands.
 */
export interface GemmCall {
  /** [M, K], or [K, M] if transposeLeft. */
  readonly left: Matrix;
  readonly transposeLeft: boolean;
  /** [K, N], or [N, K] if transposeRight. */
  readonly right: Matrix;
  readonly transposeRight: boolean;
  /** [M, N]; rounded to bf16 once if that is its dtype. Must not overlap the operands. */
  readonly target: Matrix;
  /** Sums start from what target (f32) holds, as gradients of weights do. Only with the epilogue `store`. */
  readonly accumulate: boolean;
  readonly epilogue: Epilogue;
}

/** A matrix in the memory of a table: `stride` elements from one row to the next, so that it may be a block of a larger one, or one head of many. */
export interface Matrix {
  readonly offset: Bytes;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly dtype: Dtype;
}

/** Rows row .. row + rows - 1 and columns column .. column + columns - 1 of a target. */
export interface Region {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** Activation of a gated network: GELU in its tanh form, or SiLU; see `activations-f32.ts`. */
export type Gate = 'gelu' | 'silu';

/** What becomes of the sums, element by element; every operation is rounded to f32, then the target to its dtype. Matrices are [M, N]. */
export type Epilogue =
  /** sum + bias, bias f32 [N] or null */
  | { readonly kind: 'store'; readonly bias: Matrix | null }
  /** max(sum + bias, 0); NaN stays NaN */
  | { readonly kind: 'relu'; readonly bias: Matrix | null }
  /** gelu(sum + bias) */
  | { readonly kind: 'gelu'; readonly bias: Matrix | null }
  /** gate(gateSums) sum, gateSums f32; the sums themselves go to `sums` (f32) unless it is null */
  | { readonly kind: 'gated'; readonly gate: Gate; readonly gateSums: Matrix; readonly sums: Matrix | null }
  /** sum where mask (of target's dtype) is above 0, else 0: the derivative of ReLU by its output */
  | { readonly kind: 'mask'; readonly mask: Matrix }
  /** sum gate(gateSums) to target, and (sum sums) gate'(gateSums) to dGateSums (of target's dtype): the backward of `gated` */
  | { readonly kind: 'gatedBackward'; readonly gate: Gate; readonly gateSums: Matrix; readonly sums: Matrix; readonly dGateSums: Matrix }
  /** target + sum */
  | { readonly kind: 'add' }
  /** target + scale sum */
  | { readonly kind: 'addScaled'; readonly scale: number }
  /** scale sum + bias, bias f32 [M, N] or null; minus infinity where column j > firstQuery + row (causal, else null) or keyMask[j] (bytes, N of them) is 0 */
  | {
      readonly kind: 'scores';
      readonly scale: number;
      readonly bias: Matrix | null;
      readonly firstQuery: number | null;
      readonly keyMask: Bytes | null;
    };

export const STORE: Epilogue = { kind: 'store', bias: null };

export interface GemmKernels {
  /** Runs the call; `scratch` (f32) has at least gemmScratchElements elements. Throws when shapes do not fit, or for an accumulate that has no meaning. */
  gemm(call: GemmCall, scratch: TensorView): void;
  /** The same for every call. */
  readonly gemmScratchElements: number;
}

/** A dense tensor [.., columns] as a matrix of rows. */
export function matrixOf({ offset, shape, dtype }: TensorView): Matrix {
  const columns = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, side) => product * side, 1);
  return { offset, rows, columns, stride: columns, dtype };
}
