import type { Reals } from '../numerics.ts';
import { type AssignmentRows, addScaled, addStored, checkRows, checkTensors, type DispatchShape, dot } from './assignment-rows.ts';
import { expectElements } from './check-shape.ts';
import type { BatchLayout, DispatchForm } from './dispatch.ts';

/**
 * Dispatch and combine by sorting, without padding; letters as in dispatch.ts. B kept rows, those with a slot.
 *
 *   order [B], the layout's rowAt: the kept rows by expert, those of one expert in row order (a stable counting sort)
 *   batch[i] = x[token of row order_i]     y[token] += weight out[i]      for i = 0 .. B - 1
 *   dx[token] += dBatch[i]                 dOut[i] += weight dy[token]    dWeight[row] += dy[token] . out[i]
 *
 * Slots only say which rows are kept: there may be more rows of an expert than C.
 */
export const sortDispatch: DispatchForm = {
  layout: sortRows,

  dispatch(numerics, shape, rows, x, batch) {
    const { dModel } = shape;
    const order = checkedOrder('dispatch', shape, rows, { batch }, { x });
    const sums = numerics.zeros(batch.length);
    order.forEach((row, i) => {
      addScaled(numerics, 1, x, rows.token[row] * dModel, sums, i * dModel, dModel);
    });
    batch.fill(0);
    addStored(numerics, sums, batch);
  },

  dispatchBackward(numerics, shape, rows, dBatch, dx) {
    const { dModel } = shape;
    const order = checkedOrder('dispatchBackward', shape, rows, { dBatch }, { dx });
    const sums = numerics.zeros(dx.length);
    order.forEach((row, i) => {
      addScaled(numerics, 1, dBatch, i * dModel, sums, rows.token[row] * dModel, dModel);
    });
    addStored(numerics, sums, dx);
  },

  combine(numerics, shape, rows, out, y) {
    const { dModel } = shape;
    const order = checkedOrder('combine', shape, rows, { out }, { y });
    const sums = numerics.zeros(y.length);
    order.forEach((row, i) => {
      addScaled(numerics, numerics.store(rows.weight[row]), out, i * dModel, sums, rows.token[row] * dModel, dModel);
    });
    y.fill(0);
    addStored(numerics, sums, y);
  },

  combineBackward(numerics, shape, rows, out, dy, { dOut, dWeight }) {
    const { dModel } = shape;
    const order = checkedOrder('combineBackward', shape, rows, { out, dOut }, { dy });
    expectElements('combineBackward', 'dWeight', dWeight, rows.token.length, 'rows');
    const sums = numerics.zeros(dOut.length);
    order.forEach((row, i) => {
      const from = rows.token[row] * dModel;
      addScaled(numerics, numerics.store(rows.weight[row]), dy, from, sums, i * dModel, dModel);
      dWeight[row] = numerics.round(dWeight[row] + dot(numerics, dy, from, out, i * dModel, dModel));
    });
    addStored(numerics, sums, dOut);
  },
};

function checkedOrder(
  fn: string,
  shape: DispatchShape,
  rows: AssignmentRows,
  batches: Readonly<Record<string, Reals>>,
  activations: Readonly<Record<string, Reals>>,
): Int32Array {
  const { rowAt } = sortRows(shape, rows, fn);
  checkTensors(fn, shape, rowAt.length, batches, activations);
  return rowAt;
}

function sortRows(shape: DispatchShape, rows: AssignmentRows, fn = 'layout'): BatchLayout {
  const { experts } = shape;
  const { expert, slot } = rows;
  checkRows(fn, shape, rows);
  const first = new Int32Array(experts + 1);
  for (let row = 0; row < expert.length; row++) if (slot[row] !== -1) first[expert[row] + 1]++;
  for (let e = 0; e < experts; e++) first[e + 1] += first[e];
  const rowAt = new Int32Array(first[experts]);
  const next = first.slice();
  for (let row = 0; row < expert.length; row++) if (slot[row] !== -1) rowAt[next[expert[row]]++] = row;
  return { first, rowAt };
}
