import type { Numerics, Reals } from '../numerics.ts';
import type { AssignmentRows, DispatchShape } from './assignment-rows.ts';
import { einsumDispatch } from './dispatch-einsum.ts';
import { scatterDispatch } from './dispatch-scatter.ts';
import { sortDispatch } from './dispatch-sort.ts';

/**
 * Dispatch and combine: from tokens to the experts' batches and back, in three equal forms.
 *
 * S tokens, D = dModel, E experts, C slots per expert, A rows of the assignment (one per choice; in any order, any number per token).
 *   rows: token, expert, slot (-1 = dropped), weight, [A] each
 *   x, y [S, D]   batch, out: what experts take and give, [E C, D] with one row per slot, or [kept rows, D] sorted by expert
 *   dispatch  batch at (expert_a, slot_a) = x at token_a; slots that nobody took are zero
 *   combine   y_s = sum over the rows a of token s with a slot of weight_a out_a, by expert and then slot; 0 for a dropped token
 *   backward  dx_s += sum over the rows a of token s of dBatch_a, in the same order
 *             dOut_a += weight_a dy_s     dWeight_a += sum over d of dy_sd out_ad, in the order of `laneSum`
 *
 * Forms: `einsum` multiplies by dense one-hot masks [S, E, C], as TPUs do it (tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py);
 * `scatter` moves rows by slot number; `sort` sorts the kept rows by expert and pads nothing (MegaBlocks, Gale et al. 2022, arXiv:2211.15841), so it
 * serves dropless routing. For finite numbers all three give the same bits; the sorted form as long as the rows of one expert stand in
 * the order of their slots, as they do where tokens are seated in row order. (A mask multiplies everything, so NaN or infinity in one token
 * reaches all others.)
 *
 * Weights come in f32 and are stored in the arithmetic of the layer before they multiply, as in the published code; their gradient
 * stays f32, as the router's arithmetic.
 */
export interface DispatchForm {
  readonly layout: (shape: DispatchShape, rows: AssignmentRows) => BatchLayout;
  readonly dispatch: (numerics: Numerics, shape: DispatchShape, rows: AssignmentRows, x: Reals, batch: Reals) => void;
  readonly dispatchBackward: (numerics: Numerics, shape: DispatchShape, rows: AssignmentRows, dBatch: Reals, dx: Reals) => void;
  readonly combine: (numerics: Numerics, shape: DispatchShape, rows: AssignmentRows, out: Reals, y: Reals) => void;
  readonly combineBackward: (
    numerics: Numerics,
    shape: DispatchShape,
    rows: AssignmentRows,
    out: Reals,
    dy: Reals,
    gradients: CombineGradients,
  ) => void;
}

/** What stands where in a batch. */
export interface BatchLayout {
  /** [E + 1]: rows first[e] .. first[e + 1] - 1 of a batch belong to expert e; the last is the number of rows of a batch. */
  readonly first: Int32Array;
  /** [rows of a batch]: the row of the assignment that is there, -1 in an empty slot. */
  readonly rowAt: Int32Array;
}

export interface CombineGradients {
  /** As `out`. */
  readonly dOut: Reals;
  /** [A]; untouched where a row has no slot. */
  readonly dWeight: Reals;
}

export const DISPATCH_FORMS: Readonly<Record<'einsum' | 'scatter' | 'sort', DispatchForm>> = {
  einsum: einsumDispatch,
  scatter: scatterDispatch,
  sort: sortDispatch,
};
