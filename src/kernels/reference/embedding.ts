import type { Numerics, Reals } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';

/**
 * Embedding: a row of the table for every token.
 *
 * T tokens, V rows of the table (vocabulary), D dModel.
 *   ids [T] in 0 .. V - 1      table [V, D]      y [T, D]      dy [T, D]      dTable [V, D]
 *   gather   fw  y[t] = table[ids[t]]                     bw  dTable[ids[t]] += dy[t] in the order of t (scatter-add)
 *   one-hot  fw  y = H table, H[t, v] = (ids[t] = v)      bw  dTable += H^T dy
 * The second form is tensorflow/mesh, mesh_tensorflow/ops.py (gather of a sharded table). Its sums have one term that is not zero, so both give
 * the same numbers, forward and backward, as long as the table is finite. Forward the gather adds its row to 0, as those sums do: no -0 comes out.
 */
export interface EmbeddingShape {
  /** T. */
  readonly tokens: number;
  /** V. */
  readonly vocabulary: number;
  /** D. */
  readonly dModel: number;
}

export function embedding(numerics: Numerics, shape: EmbeddingShape, ids: Int32Array, table: Reals, y: Reals): void {
  expectSizes('embedding', shape, ids, { table, y });
  const { tokens, dModel } = shape;
  for (let t = 0; t < tokens; t++) {
    for (let d = 0; d < dModel; d++) y[t * dModel + d] = 0 + numerics.store(table[ids[t] * dModel + d]);
  }
}

export function embeddingBackward(numerics: Numerics, shape: EmbeddingShape, ids: Int32Array, dy: Reals, dTable: Reals): void {
  expectSizes('embeddingBackward', shape, ids, { table: dTable, y: dy });
  const { tokens, dModel } = shape;
  for (let t = 0; t < tokens; t++) {
    for (let d = 0; d < dModel; d++) {
      const at = ids[t] * dModel + d;
      dTable[at] = numerics.round(dTable[at] + dy[t * dModel + d]);
    }
  }
}

export function oneHotEmbedding(numerics: Numerics, shape: EmbeddingShape, ids: Int32Array, table: Reals, y: Reals): void {
  expectSizes('oneHotEmbedding', shape, ids, { table, y });
  const { tokens, vocabulary, dModel } = shape;
  const { round, store } = numerics;
  for (let t = 0; t < tokens; t++) {
    for (let d = 0; d < dModel; d++) {
      let sum = 0;
      for (let v = 0; v < vocabulary; v++) sum = round(sum + round(oneHot(ids, t, v) * store(table[v * dModel + d])));
      y[t * dModel + d] = store(sum);
    }
  }
}

/** The sums start from what stands in dTable, as those of a matrix product that adds to its output. */
export function oneHotEmbeddingBackward(numerics: Numerics, shape: EmbeddingShape, ids: Int32Array, dy: Reals, dTable: Reals): void {
  expectSizes('oneHotEmbeddingBackward', shape, ids, { table: dTable, y: dy });
  const { tokens, vocabulary, dModel } = shape;
  const { round } = numerics;
  for (let v = 0; v < vocabulary; v++) {
    for (let d = 0; d < dModel; d++) {
      let sum = dTable[v * dModel + d];
      for (let t = 0; t < tokens; t++) sum = round(sum + round(oneHot(ids, t, v) * dy[t * dModel + d]));
      dTable[v * dModel + d] = sum;
    }
  }
}

function oneHot(ids: Int32Array, t: number, v: number): number {
  return ids[t] === v ? 1 : 0;
}

function expectSizes(
  fn: string,
  { tokens, vocabulary, dModel }: EmbeddingShape,
  ids: Int32Array,
  { table, y }: { readonly table: Reals; readonly y: Reals },
): void {
  expectWhole(fn, 'tokens', tokens, 0);
  expectWhole(fn, 'vocabulary', vocabulary, 1);
  expectWhole(fn, 'dModel', dModel, 1);
  expectElements(fn, 'ids', ids, tokens, `${tokens} tokens`);
  expectElements(fn, 'table', table, vocabulary * dModel, `${vocabulary} rows x ${dModel}`);
  expectElements(fn, 'y', y, tokens * dModel, `${tokens} tokens x ${dModel}`);
  for (let t = 0; t < tokens; t++)
    expectThat(ids[t] >= 0 && ids[t] < vocabulary, fn, `ids[${t}]`, `must be one of the ${vocabulary} rows of the table`, ids[t]);
}
