import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AssignmentRows,
  BF16,
  DISPATCH_FORMS,
  type DispatchForm,
  type DispatchShape,
  F32,
  F64,
  type Numerics,
  type Reals,
} from '../../../src/kernels/index.ts';
import { drawnAssignments } from './assignments.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, stored } from './tensors.ts';

const { einsum, scatter, sort } = DISPATCH_FORMS;
const forms = Object.entries(DISPATCH_FORMS);

/** Everything that a form computes; tensors of a batch row by row, as [row of the assignment, values]. */
function runForm(form: DispatchForm, numerics: Numerics, shape: DispatchShape, rows: AssignmentRows, seed: number) {
  const { tokens, dModel } = shape;
  const { rowAt, first } = form.layout(shape, rows);
  const ofBatch = (offset: number): Reals => {
    const byRow = stored(numerics, randomReals(seed + offset, rows.token.length * dModel));
    const batch = numerics.zeros(rowAt.length * dModel);
    rowAt.forEach((row, at) => {
      if (row >= 0) batch.set(byRow.subarray(row * dModel, (row + 1) * dModel), at * dModel);
    });
    return batch;
  };
  const byRow = (batch: Reals): [number, number[]][] =>
    Array.from(rowAt, (row, at): [number, number[]] => [row, Array.from(batch.subarray(at * dModel, (at + 1) * dModel))])
      .filter(([row]) => row >= 0)
      .sort(([a], [b]) => a - b);
  const x = stored(numerics, randomReals(seed, tokens * dModel));
  x[0] = -0;
  const batch = numerics.zeros(rowAt.length * dModel).fill(Number.NaN);
  form.dispatch(numerics, shape, rows, x, batch);
  const y = numerics.zeros(tokens * dModel).fill(Number.NaN);
  const out = ofBatch(1);
  form.combine(numerics, shape, rows, out, y);
  const dx = stored(numerics, randomReals(seed + 2, tokens * dModel));
  form.dispatchBackward(numerics, shape, rows, ofBatch(3), dx);
  const dOut = ofBatch(4);
  const dWeight = numerics.zeros(rows.token.length).fill(0.25);
  form.combineBackward(numerics, shape, rows, out, stored(numerics, randomReals(seed + 5, tokens * dModel)), { dOut, dWeight });
  return { batch: byRow(batch), y, dx, dOut: byRow(dOut), dWeight, first, x, out, rowAt };
}

describe('dispatch and combine', () => {
  it('give the same bits in every form, whatever the order of the rows', () => {
    let kept = 0;
    let several = 0;
    fc.assert(
      fc.property(drawnAssignments, fc.nat(1e6), fc.constantFrom(F64, F32, BF16), ({ shape, rows }, seed, numerics) => {
        const [dense, scattered, sorted] = [einsum, scatter, sort].map((form) => runForm(form, numerics, shape, rows, seed));
        for (const name of ['batch', 'y', 'dx', 'dOut', 'dWeight'] as const) {
          expect(scattered[name], name).toEqual(dense[name]);
          expect(sorted[name], name).toEqual(dense[name]);
        }
        kept += sorted.rowAt.length;
        several += Number(sorted.rowAt.length > shape.tokens);
      }),
      { numRuns: 150, seed: 5 },
    );
    expect(kept).toBeGreaterThan(500);
    expect(several).toBeGreaterThan(10);
  });

  it('are what the definition says', () => {
    const shape: DispatchShape = { tokens: 3, dModel: 2, experts: 2, expertCapacity: 2 };
    const rows: AssignmentRows = {
      token: Int32Array.of(2, 0, 1, 2),
      expert: Int32Array.of(1, 1, 0, 0),
      slot: Int32Array.of(0, 1, -1, 0),
      weight: Float32Array.of(0.5, 2, 9, 0.25),
    };
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    const expected = { einsum: [5, 6, 0, 0, 5, 6, 1, 2], scatter: [5, 6, 0, 0, 5, 6, 1, 2], sort: [5, 6, 5, 6, 1, 2] };
    for (const name of ['einsum', 'scatter', 'sort'] as const) {
      const form = DISPATCH_FORMS[name];
      const batch = new Float32Array(expected[name].length);
      form.dispatch(F32, shape, rows, x, batch);
      expect(Array.from(batch), name).toEqual(expected[name]);
      const y = new Float32Array(6);
      form.combine(F32, shape, rows, batch, y);
      // Token 0: 2 x (1, 2). Token 1 is dropped. Token 2: 0.25 x (5, 6) from expert 0 and 0.5 x (5, 6) from expert 1.
      expect(Array.from(y), name).toEqual([2, 4, 0, 0, 3.75, 4.5]);
      const dOut = new Float32Array(batch.length);
      const dWeight = new Float32Array(4);
      form.combineBackward(F32, shape, rows, batch, Float32Array.of(1, 1, 7, 7, -1, 1), { dOut, dWeight });
      expect(Array.from(dWeight), name).toEqual([1, 3, 0, 1]);
    }
    expect(Array.from(sort.layout(shape, rows).first)).toEqual([0, 1, 3]);
    expect(Array.from(scatter.layout(shape, rows).first)).toEqual([0, 2, 4]);
    expect(Array.from(scatter.layout(shape, rows).rowAt)).toEqual([3, -1, 0, 1]);
  });

  it.each(forms)('%s has the gradients of its sums', (_, form) => {
    let kept = 0;
    fc.assert(
      fc.property(drawnAssignments, fc.nat(1e6), ({ shape, rows: drawn }, seed) => {
        const { rowAt } = form.layout(shape, drawn);
        if (!rowAt.some((row) => row >= 0)) return;
        const weight = Float64Array.from(drawn.weight);
        const rows = { ...drawn, weight };
        const x = randomReals(seed, shape.tokens * shape.dModel);
        checkGradients({
          inputs: { x },
          outputs: rowAt.length * shape.dModel,
          forward: (batch) => form.dispatch(F64, shape, rows, x, batch),
          backward: (dBatch, gradients) => form.dispatchBackward(F64, shape, rows, dBatch, gradients.x),
        });
        const out = randomReals(seed + 1, rowAt.length * shape.dModel);
        kept += checkGradients({
          inputs: { out, weight },
          outputs: shape.tokens * shape.dModel,
          forward: (y) => form.combine(F64, shape, rows, out, y),
          backward: (dy, { out: dOut, weight: dWeight }) => form.combineBackward(F64, shape, rows, out, dy, { dOut, dWeight }),
        });
      }),
      { numRuns: 25, seed: 6 },
    );
    expect(kept).toBeGreaterThan(200);
  });

  it('hands on bf16 numbers, and rounds the weights to bf16 first', () => {
    const shape: DispatchShape = { tokens: 1, dModel: 12, experts: 2, expertCapacity: 1 };
    const one = Int32Array.of(0);
    const rows: AssignmentRows = { token: one, expert: Int32Array.of(1), slot: one, weight: Float32Array.of(0.3) };
    for (const [, form] of forms) {
      const { y, dx, out, rowAt } = runForm(form, BF16, shape, rows, 9);
      expectBf16(y);
      expectBf16(dx);
      const row = out.subarray(12 * rowAt.indexOf(0), 12 * rowAt.indexOf(0) + 12);
      expect(y).toEqual(
        stored(
          BF16,
          Array.from(row, (value) => BF16.store(rows.weight[0]) * value),
        ),
      );
      expect(y).not.toEqual(
        stored(
          BF16,
          Array.from(row, (value) => rows.weight[0] * value),
        ),
      );
    }
  });

  it('sorted, keeps more rows of an expert than there are slots', () => {
    const shape: DispatchShape = { tokens: 3, dModel: 1, experts: 2, expertCapacity: 1 };
    const rows: AssignmentRows = {
      token: Int32Array.of(0, 1, 2),
      expert: Int32Array.of(1, 1, 0),
      slot: Int32Array.of(0, 1, 0),
      weight: Float32Array.of(1, 1, 1),
    };
    const batch = new Float32Array(3);
    sort.dispatch(F32, shape, rows, Float32Array.of(7, 8, 9), batch);
    expect(Array.from(batch)).toEqual([9, 7, 8]);
    expect(() => scatter.dispatch(F32, shape, rows, Float32Array.of(7, 8, 9), new Float32Array(2))).toThrow(
      'dispatch: rows.slot[1] must be -1 or one of 1 slots, is 1',
    );
  });

  it('serve an assignment without rows', () => {
    const shape: DispatchShape = { tokens: 2, dModel: 1, experts: 2, expertCapacity: 1 };
    const none = new Int32Array(0);
    const rows: AssignmentRows = { token: none, expert: none, slot: none, weight: new Float32Array(0) };
    for (const [, form] of forms) {
      const y = Float32Array.of(5, 5);
      form.combine(F32, shape, rows, new Float32Array(form.layout(shape, rows).rowAt.length), y);
      expect(Array.from(y)).toEqual([0, 0]);
    }
  });
});

describe('rows that do not fit', () => {
  const shape: DispatchShape = { tokens: 2, dModel: 1, experts: 2, expertCapacity: 2 };
  const good: AssignmentRows = {
    token: Int32Array.of(0, 1),
    expert: Int32Array.of(1, 1),
    slot: Int32Array.of(0, 1),
    weight: Float32Array.of(1, 1),
  };
  const layoutOf = (form: DispatchForm, changes: Partial<AssignmentRows>) => () => form.layout(shape, { ...good, ...changes });

  it.each(forms)('are refused by %s', (_, form) => {
    expect(layoutOf(form, {})).not.toThrow();
    expect(layoutOf(form, { token: Int32Array.of(0, 2) })).toThrow('layout: rows.token[1] must be one of 2 tokens, is 2');
    expect(layoutOf(form, { expert: Int32Array.of(-1, 1) })).toThrow('layout: rows.expert[0] must be one of 2 experts, is -1');
    expect(layoutOf(form, { slot: Int32Array.of(0, -2) })).toThrow('layout: rows.slot[1] must be -1 or a slot, is -2');
    expect(layoutOf(form, { weight: Float32Array.of(1) })).toThrow('layout: rows.weight must have 2 elements (as rows.token), has 1');
    expect(() => form.dispatch(F32, shape, good, F32.zeros(3), F32.zeros(form.layout(shape, good).rowAt.length))).toThrow(
      'dispatch: x must have 2 elements (2 tokens x 1), has 3',
    );
    expect(() => form.combine(F32, shape, good, F32.zeros(1), F32.zeros(2))).toThrow(/combine: out must have \d elements/);
  });

  it('are refused where a slot is taken twice', () => {
    for (const form of [einsum, scatter])
      expect(layoutOf(form, { slot: Int32Array.of(1, 1) })).toThrow(
        'layout: rows.slot[1] must not be that of row 0 for expert 1 too, is 1',
      );
  });
});
