import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AssignmentRows,
  bf16Bits,
  bf16Value,
  DISPATCH_FORMS,
  embedding,
  embeddingBackward,
  type Reals,
} from '../../src/kernels/index.ts';
import { bf16Elements, type Dtype, type TensorView } from '../../src/model/index.ts';
import { drawRows } from './reference/assignments.ts';
import { draws, memory, tables } from './support.ts';
import { drawValues, NUMERICS, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

interface Case {
  readonly shape: { readonly tokens: number; readonly dModel: number; readonly experts: number; readonly expertCapacity: number };
  readonly rows: AssignmentRows;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly special: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    tokens: fc.integer({ min: 1, max: 9 }),
    dModel: fc.integer({ min: 1, max: 90 }),
    experts: fc.integer({ min: 1, max: 5 }),
    expertCapacity: fc.integer({ min: 1, max: 4 }),
    dtype: fc.constantFrom<Dtype>('f32', 'bf16'),
    seed: fc.nat(1e6),
    special: fc.constantFrom<readonly number[]>([], [], [0, -0, 1e-45, -1e-40], SPECIAL),
  })
  .map(({ dtype, seed, special, ...shape }) => ({ shape, rows: drawRows(shape, seed), dtype, seed, special }));

/** The lists that a layer makes of an assignment: by batch row, and by token in the order of the batch rows. */
function listsOf(rowAt: Int32Array, { token, weight }: AssignmentRows, tokens: number) {
  const entries = Array.from({ length: tokens }, (): number[] => []);
  rowAt.forEach((row, at) => {
    if (row >= 0) entries[token[row]].push(at);
  });
  const byToken = entries.flat();
  return {
    tokenOfRow: Array.from(rowAt, (row) => (row < 0 ? -1 : token[row])),
    weightOfRow: Float32Array.from(rowAt, (row) => (row < 0 ? 9 : weight[row])),
    starts: [0, ...entries.map(({ length }) => length)].map((_, i, all) => all.slice(0, i + 1).reduce((sum, length) => sum + length, 0)),
    rowsOfToken: byToken,
    weightOfEntry: Float32Array.from(byToken, (at) => weight[rowAt[at]]),
  };
}

describe('moves of rows', () => {
  it.each(['scatter', 'sort'] as const)('have the bits of dispatch and combine by %s, forward and backward, on every path', (name) => {
    const form = DISPATCH_FORMS[name];
    const seen = { dropped: 0, several: 0, empty: 0 };
    fc.assert(
      fc.property(cases, ({ shape, rows, dtype, seed, special }) => {
        const numerics = NUMERICS[dtype];
        const { tokens, dModel } = shape;
        const { rowAt } = form.layout(shape, rows);
        const lists = listsOf(rowAt, rows, tokens);
        const [x, dy, dxBefore] = [0, 1, 2].map((i) => drawValues(seed + i, tokens * dModel, dtype, 1, special));
        const [out, dBatch] = [3, 4].map((i) => drawValues(seed + i, rowAt.length * dModel, dtype, 1, special));

        const tensors = { batch: rowAt.length, y: tokens, dOut: rowAt.length };
        const expected = Object.fromEntries(Object.entries(tensors).map(([key, count]) => [key, new Float32Array(count * dModel)]));
        const dx = dxBefore.slice();
        const dWeight = new Float32Array(rows.token.length);
        form.dispatch(numerics, shape, rows, x, expected.batch);
        form.combine(numerics, shape, rows, out, expected.y);
        form.dispatchBackward(numerics, shape, rows, dBatch, dx);
        form.combineBackward(numerics, shape, rows, out, dy, { dOut: expected.dOut, dWeight });
        const dWeights = Array.from(rowAt, (row) => (row < 0 ? 0 : dWeight[row]));

        for (const table of tables) {
          const place = openWorkspace();
          const ofTokens = (values: Reals | number): TensorView => place.tensor([tokens, dModel], dtype, values);
          const ofBatch = (values: Reals | number): TensorView => place.tensor([rowAt.length, dModel], dtype, values);
          const [xView, dyView, dxView, yView] = [ofTokens(x), ofTokens(dy), ofTokens(dxBefore), ofTokens(7)];
          const [outView, dBatchView, batchView, dOutView] = [ofBatch(out), ofBatch(dBatch), ofBatch(7), ofBatch(7)];
          const [tokenOfRow, starts, rowsOfToken] = [lists.tokenOfRow, lists.starts, lists.rowsOfToken].map(place.int32);
          const weightOfRow = place.tensor([rowAt.length], 'f32', lists.weightOfRow);
          const weightOfEntry = place.tensor([lists.rowsOfToken.length], 'f32', lists.weightOfEntry);
          const dWeightsView = place.tensor([rowAt.length], 'f32', 7);
          table.gatherRows(xView, tokenOfRow, batchView);
          table.combineRows(outView, starts, rowsOfToken, weightOfEntry.offset, yView, false);
          table.combineRows(dBatchView, starts, rowsOfToken, null, dxView, true);
          table.combineRowsBackward(outView, dyView, tokenOfRow, weightOfRow.offset, dOutView, dWeightsView.offset);
          expect(valuesOf(batchView), `${table.path}: batch`).toEqual(Array.from(expected.batch));
          expect(valuesOf(yView), `${table.path}: y`).toEqual(Array.from(expected.y));
          expect(valuesOf(dxView), `${table.path}: dx`).toEqual(Array.from(dx));
          expect(valuesOf(dOutView), `${table.path}: dOut`).toEqual(Array.from(expected.dOut));
          expect(valuesOf(dWeightsView), `${table.path}: dWeights`).toEqual(dWeights);
          place.expectUntouched(table);
        }
        const perToken = lists.starts.slice(1).map((start, s) => start - lists.starts[s]);
        seen.dropped += perToken.filter((count) => count === 0).length;
        seen.several += perToken.filter((count) => count > 1).length;
        seen.empty += rowAt.filter((row) => row < 0).length;
      }),
      { numRuns: 120, seed: 11 },
    );
    expect(seen.dropped).toBeGreaterThan(20);
    expect(seen.several).toBeGreaterThan(50);
    if (name === 'scatter') expect(seen.empty).toBeGreaterThan(100);
  });

  it('have the bits of the embedding, forward and backward, on every path', () => {
    fc.assert(
      fc.property(
        fc.record({
          tokens: fc.integer({ min: 0, max: 12 }),
          vocabulary: fc.integer({ min: 1, max: 6 }),
          dModel: fc.integer({ min: 1, max: 90 }),
          dtype: fc.constantFrom<Dtype>('f32', 'bf16'),
          seed: fc.nat(1e6),
          special: fc.constantFrom<readonly number[]>([], SPECIAL),
        }),
        ({ dtype, seed, special, ...shape }) => {
          const numerics = NUMERICS[dtype];
          const { tokens, vocabulary, dModel } = shape;
          const next = draws(seed);
          const ids = Int32Array.from({ length: tokens }, () => Math.floor(((next() + 1) / 2) * vocabulary));
          const master = drawValues(seed + 1, vocabulary * dModel, 'f32', 1, special);
          const dy = drawValues(seed + 2, tokens * dModel, dtype, 1, special);
          const before = drawValues(seed + 3, vocabulary * dModel, 'f32', 1, special);
          const y = new Float32Array(tokens * dModel);
          const dTable = before.slice();
          embedding(numerics, shape, ids, master, y);
          embeddingBackward(numerics, shape, ids, dy, dTable);
          for (const table of tables) {
            const place = openWorkspace();
            const masterView = place.tensor([vocabulary, dModel], 'f32', master);
            const tableView = place.tensor([vocabulary, dModel], dtype, 7);
            const [yView, dyView] = [7, dy].map((values) => place.tensor([tokens, dModel], dtype, values));
            const dTableView = place.tensor([vocabulary, dModel], 'f32', before);
            const rows = place.int32(ids);
            table.convert(masterView, tableView);
            table.gatherRows(tableView, rows, yView);
            table.scatterAddRows(dyView, rows, dTableView);
            expect(valuesOf(yView), `${table.path}: y`).toEqual(Array.from(y));
            expect(valuesOf(dTableView), `${table.path}: dTable`).toEqual(Array.from(dTable));
            place.expectUntouched(table);
          }
        },
      ),
      { numRuns: 120, seed: 12 },
    );
  });

  it('convert every bf16 to f32, and f32 to bf16 around every tie', () => {
    const all = Array.from({ length: 65536 }, (_, bits) => bits);
    // Each bf16 with the lower halves just below, at and just above the tie, and those of infinities and NaN.
    const words = Uint32Array.from(
      all.flatMap((upper) => [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map((low) => ((upper << 16) | low) >>> 0)),
    );
    const rounded = Uint16Array.from(new Float32Array(words.buffer), bf16Bits);
    for (const table of tables) {
      const place = openWorkspace();
      const bits = place.tensor([all.length], 'bf16', 0);
      const wide = place.tensor([all.length], 'f32', 7);
      bf16Elements(memory.buffer, bits).set(all);
      table.convert(bits, wide);
      expect(valuesOf(wide), table.path).toEqual(all.map(bf16Value));
      const source = place.tensor([words.length], 'f32', 0);
      new Uint32Array(memory.buffer, source.offset, words.length).set(words);
      const target = place.tensor([words.length], 'bf16', 7);
      table.convert(source, target);
      expect(valuesOf(target), table.path).toEqual(Array.from(rounded, bf16Value));
      const copy = place.tensor([all.length], 'bf16', 7);
      table.convert(bits, copy);
      expect(valuesOf(copy), table.path).toEqual(valuesOf(bits));
      place.expectUntouched(table);
    }
  });

  it('round to bf16 the same for any number of elements', () => {
    for (const table of tables) {
      for (let count = 0; count < 40; count++) {
        const place = openWorkspace();
        const values = drawValues(count, count, 'f32', 1, SPECIAL);
        const source = place.tensor([count], 'f32', values);
        const target = place.tensor([count], 'bf16', 7);
        table.convert(source, target);
        expect(valuesOf(target)).toEqual(Array.from(values, (value) => bf16Value(bf16Bits(value))));
        place.expectUntouched(table);
      }
    }
  });
});

describe('moves that do not fit', () => {
  const [m, n] = [2, 3];

  it.each(tables.map((table) => [table.path, table] as const))('are refused on %s', (_, table) => {
    const place = openWorkspace();
    const f32 = (rows: number, width: number): TensorView => place.tensor([rows, width], 'f32', 1);
    const bf16 = (rows: number, width: number): TensorView => place.tensor([rows, width], 'bf16', 1);
    const list = (...numbers: number[]): number => place.int32(numbers);
    const zeros = list(0, 0, 0);
    expect(() => table.gatherRows(f32(m, n), zeros, bf16(m, n))).toThrow('gatherRows: rows of f32 into rows of bf16');
    expect(() => table.gatherRows(f32(m, n), zeros, f32(m, n + 1))).toThrow('gatherRows: rows of 3 elements into rows of 4');
    expect(() => table.gatherRows(f32(m, n), list(0, 2), f32(m, n))).toThrow('gatherRows: row 2 of 2 at 1');
    expect(() => table.gatherRows(f32(m, n), list(0, -2), f32(m, n))).toThrow('gatherRows: row -2 of 2 at 1');
    expect(() => table.combineRows(f32(m, n), list(0, 2, 1), zeros, null, f32(m, n), false)).toThrow(
      'combineRows: entries 2 to 1 of row 1',
    );
    expect(() => table.combineRows(f32(m, n), list(0, 1, 2), list(0, -1), null, f32(m, n), true)).toThrow('combineRows: row -1 of 2 at 1');
    const weights = f32(1, m).offset;
    const backward =
      (dTarget: TensorView, dSource: TensorView, tokens = zeros) =>
      () =>
        table.combineRowsBackward(f32(m, n), dTarget, tokens, weights, dSource, f32(1, m).offset);
    expect(backward(f32(1, n), f32(m + 1, n))).toThrow('combineRowsBackward: gradient of 3 rows for 2');
    expect(backward(f32(1, n), f32(m, n), list(0, 1))).toThrow('combineRowsBackward: row 1 of 1 at 1');
    expect(() => table.scatterAddRows(f32(m, n), zeros, bf16(m, n))).toThrow('scatterAddRows adds in f32, not in bf16');
    expect(() => table.scatterAddRows(bf16(m, n), list(0, -1), f32(m, n))).toThrow('scatterAddRows: row -1 of 2 at 1');
    expect(() => table.convert(f32(m, n), bf16(n, n))).toThrow('convert: 6 elements into 9');
    place.expectUntouched(table);
  });
});
