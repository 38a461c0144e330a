import { addScaled, addStored, checkTensors, dot, paddedLayout, rowsBySlot } from './assignment-rows.ts';
import { expectElements } from './check-shape.ts';
import type { DispatchForm } from './dispatch.ts';

/**
 * Dispatch and combine by slot number; letters as in dispatch.ts. Only rows that have a slot are moved.
 *
 *   batch[m] = x[token of the row in slot m]     y[token] += weight out[m]      for the slots m = e C + c in increasing order
 *   dx[token] += dBatch[m]                       dOut[m] += weight dy[token]    dWeight[row] += dy[token] . out[m]
 *
 * The products with 1 and the sums that start from 0 are those of the masks, so that a -0 becomes 0 here as well.
 */
export const scatterDispatch: DispatchForm = {
  layout: paddedLayout,

  dispatch(numerics, shape, rows, x, batch) {
    const { dModel } = shape;
    const rowAt = rowsBySlot('dispatch', shape, rows);
    checkTensors('dispatch', shape, rowAt.length, { batch }, { x });
    const sums = numerics.zeros(batch.length);
    rowAt.forEach((row, slot) => {
      if (row >= 0) addScaled(numerics, 1, x, rows.token[row] * dModel, sums, slot * dModel, dModel);
    });
    batch.fill(0);
    addStored(numerics, sums, batch);
  },

  dispatchBackward(numerics, shape, rows, dBatch, dx) {
    const { dModel } = shape;
    const rowAt = rowsBySlot('dispatchBackward', shape, rows);
    checkTensors('dispatchBackward', shape, rowAt.length, { dBatch }, { dx });
    const sums = numerics.zeros(dx.length);
    rowAt.forEach((row, slot) => {
      if (row >= 0) addScaled(numerics, 1, dBatch, slot * dModel, sums, rows.token[row] * dModel, dModel);
    });
    addStored(numerics, sums, dx);
  },

  combine(numerics, shape, rows, out, y) {
    const { dModel } = shape;
    const rowAt = rowsBySlot('combine', shape, rows);
    checkTensors('combine', shape, rowAt.length, { out }, { y });
    const sums = numerics.zeros(y.length);
    rowAt.forEach((row, slot) => {
      if (row < 0) return;
      addScaled(numerics, numerics.store(rows.weight[row]), out, slot * dModel, sums, rows.token[row] * dModel, dModel);
    });
    y.fill(0);
    addStored(numerics, sums, y);
  },

  combineBackward(numerics, shape, rows, out, dy, { dOut, dWeight }) {
    const { dModel } = shape;
    const rowAt = rowsBySlot('combineBackward', shape, rows);
    checkTensors('combineBackward', shape, rowAt.length, { out, dOut }, { dy });
    expectElements('combineBackward', 'dWeight', dWeight, rows.token.length, 'rows');
    const sums = numerics.zeros(dOut.length);
    rowAt.forEach((row, slot) => {
      if (row < 0) return;
      const from = rows.token[row] * dModel;
      addScaled(numerics, numerics.store(rows.weight[row]), dy, from, sums, slot * dModel, dModel);
      dWeight[row] = numerics.round(dWeight[row] + dot(numerics, dy, from, out, slot * dModel, dModel));
    });
    addStored(numerics, sums, dOut);
  },
};
