import type { Numerics, Reals } from '../numerics.ts';
import { type AssignmentRows, addStored, checkTensors, type DispatchShape, dot, paddedLayout, rowsBySlot } from './assignment-rows.ts';
import { expectElements } from './check-shape.ts';
import type { DispatchForm } from './dispatch.ts';

/**
 * Dispatch and combine as products with dense one-hot masks; letters as in dispatch.ts. M = E C slots.
 *
 *   mask_sm = 1 where a row takes token s to slot m, else 0     weights_sm = the row's weight there, else 0     both [S, M]
 *   batch = mask^T x     y = weights out
 *   dx += mask dBatch    dOut += weights^T dy    dWeights = dy out^T, of which a row takes its own element
 *
 * Sums run over all tokens, or all slots, in their order; almost every term is a zero.
 */
export const einsumDispatch: DispatchForm = {
  layout: paddedLayout,

  dispatch(numerics, shape, rows, x, batch) {
    const mask = denseMask(numerics, 'dispatch', shape, rows, () => 1);
    checkTensors('dispatch', shape, shape.experts * shape.expertCapacity, { batch }, { x });
    batch.fill(0);
    addStored(numerics, transposedTimes(numerics, shape, mask, x), batch);
  },

  dispatchBackward(numerics, shape, rows, dBatch, dx) {
    const mask = denseMask(numerics, 'dispatchBackward', shape, rows, () => 1);
    checkTensors('dispatchBackward', shape, shape.experts * shape.expertCapacity, { dBatch }, { dx });
    addStored(numerics, times(numerics, shape, mask, dBatch), dx);
  },

  combine(numerics, shape, rows, out, y) {
    const weights = denseMask(numerics, 'combine', shape, rows, (row) => rows.weight[row]);
    checkTensors('combine', shape, shape.experts * shape.expertCapacity, { out }, { y });
    y.fill(0);
    addStored(numerics, times(numerics, shape, weights, out), y);
  },

  combineBackward(numerics, shape, rows, out, dy, { dOut, dWeight }) {
    const { tokens, dModel, expertCapacity } = shape;
    const weights = denseMask(numerics, 'combineBackward', shape, rows, (row) => rows.weight[row]);
    const slots = shape.experts * expertCapacity;
    checkTensors('combineBackward', shape, slots, { out, dOut }, { dy });
    expectElements('combineBackward', 'dWeight', dWeight, rows.token.length, 'rows');
    addStored(numerics, transposedTimes(numerics, shape, weights, dy), dOut);
    const dWeights = numerics.zeros(tokens * slots);
    for (let at = 0; at < dWeights.length; at++) {
      const token = Math.floor(at / slots);
      dWeights[at] = dot(numerics, dy, token * dModel, out, (at % slots) * dModel, dModel);
    }
    for (let row = 0; row < rows.token.length; row++) {
      if (rows.slot[row] === -1) continue;
      const at = rows.token[row] * slots + rows.expert[row] * expertCapacity + rows.slot[row];
      dWeight[row] = numerics.round(dWeight[row] + dWeights[at]);
    }
  },
};

/** [S, M] with valueAt(row) where the row takes its token to its slot. */
function denseMask(numerics: Numerics, fn: string, shape: DispatchShape, rows: AssignmentRows, valueAt: (row: number) => number): Reals {
  const rowAt = rowsBySlot(fn, shape, rows);
  const mask = numerics.zeros(shape.tokens * rowAt.length);
  rowAt.forEach((row, slot) => {
    if (row >= 0) mask[rows.token[row] * rowAt.length + slot] = numerics.store(valueAt(row));
  });
  return mask;
}

/** [S, D] = mask [S, M] x batch [M, D], summed over the slots. */
function times(numerics: Numerics, { tokens, dModel }: DispatchShape, mask: Reals, batch: Reals): Reals {
  const { round } = numerics;
  const slots = mask.length / tokens;
  const sums = numerics.zeros(tokens * dModel);
  for (let s = 0; s < tokens; s++) {
    for (let d = 0; d < dModel; d++) {
      let sum = 0;
      for (let m = 0; m < slots; m++) sum = round(sum + round(mask[s * slots + m] * batch[m * dModel + d]));
      sums[s * dModel + d] = sum;
    }
  }
  return sums;
}

/** [M, D] = mask^T [M, S] x x [S, D], summed over the tokens. */
function transposedTimes(numerics: Numerics, { tokens, dModel }: DispatchShape, mask: Reals, x: Reals): Reals {
  const { round } = numerics;
  const slots = mask.length / tokens;
  const sums = numerics.zeros(slots * dModel);
  for (let m = 0; m < slots; m++) {
    for (let d = 0; d < dModel; d++) {
      let sum = 0;
      for (let s = 0; s < tokens; s++) sum = round(sum + round(mask[s * slots + m] * x[s * dModel + d]));
      sums[m * dModel + d] = sum;
    }
  }
  return sums;
}
