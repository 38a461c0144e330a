import { log } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectTensor, expectThat, expectWhole } from './check-shape.ts';

/**
 * The position bias of T5: keys are sorted into buckets by their distance from the query, exact ones for small distances, logarithmic ones beyond,
 * and each head learns one number per bucket (Raffel et al. 2020, arXiv:1910.10683, section 2.1; google-research/t5x, t5x/examples/t5/layers.py,
 * RelativePositionBiases). Layers of a stack share the bias.
 *
 * H heads, Q queries, K keys, N buckets.
 *   table [N, H]   bias [H, Q, K]
 *   bias_hij = table_nh, n = bucket(j - (firstQuery + i))      dTable_nh += sum over (i, j) with that n of dBias_hij
 *
 * dTable goes on summing from what it holds.
 */
export interface RelativeBuckets {
  /** N; even if bidirectional. T5: 32. */
  readonly buckets: number;
  /** Distances from here on share the last bucket. T5: 128. */
  readonly maxDistance: number;
  /** Half of the buckets are for keys behind the query. Otherwise such keys count as distance 0: causal attention does not see them. */
  readonly bidirectional: boolean;
}

export interface RelativeBiasShape extends RelativeBuckets {
  /** H */
  readonly heads: number;
  /** Q */
  readonly queries: number;
  /** K */
  readonly keys: number;
  /** Position of query 0 among the keys; 0 where left out. */
  readonly firstQuery?: number;
}

export function relativeBias(numerics: Numerics, shape: RelativeBiasShape, table: Reals, bias: Reals): void {
  const { heads, queries, keys, firstQuery = 0 } = shape;
  checkRelativeBias('relativeBias', shape, 'table', table, 'bias', bias);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      const n = relativePositionBucket(shape, j - (firstQuery + i));
      for (let h = 0; h < heads; h++) bias[(h * queries + i) * keys + j] = numerics.store(table[n * heads + h]);
    }
  }
}

export function relativeBiasBackward({ round }: Numerics, shape: RelativeBiasShape, dBias: Reals, dTable: Reals): void {
  const { heads, queries, keys, firstQuery = 0 } = shape;
  checkRelativeBias('relativeBiasBackward', shape, 'dTable', dTable, 'dBias', dBias);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      const n = relativePositionBucket(shape, j - (firstQuery + i));
      for (let h = 0; h < heads; h++) dTable[n * heads + h] = round(dTable[n * heads + h] + dBias[(h * queries + i) * keys + j]);
    }
  }
}

/** T5X adds it before the logarithm, so that a distance on the edge of a bucket does not fall below it by rounding. */
const LOG_GUARD = 2 ** -23;

/**
 * Bucket of a key at `distance` = position of the key - position of the query. Of the n buckets of one direction (half of N if bidirectional) the
 * first e = floor(n / 2) hold one distance each, the others e + floor(ln(distance / e) / ln(maxDistance / e) (n - e)), at most n - 1.
 */
export function relativePositionBucket({ buckets, maxDistance, bidirectional }: RelativeBuckets, distance: number): number {
  const ofDirection = bidirectional ? buckets / 2 : buckets;
  const first = bidirectional && distance > 0 ? ofDirection : 0;
  const length = bidirectional ? Math.abs(distance) : Math.max(-distance, 0);
  const exact = Math.floor(ofDirection / 2);
  if (length < exact) return first + length;
  const share = log(length / exact + LOG_GUARD) / log(maxDistance / exact);
  return first + Math.min(exact + Math.floor(share * (ofDirection - exact)), ofDirection - 1);
}

function checkRelativeBias(fn: string, shape: RelativeBiasShape, tableName: string, table: Reals, biasName: string, bias: Reals): void {
  const { heads, queries, keys, buckets, maxDistance, bidirectional, firstQuery = 0 } = shape;
  for (const [name, size] of Object.entries({ heads, queries, keys })) expectWhole(fn, name, size, 1);
  expectWhole(fn, 'firstQuery', firstQuery, 0);
  expectWhole(fn, 'buckets', buckets, bidirectional ? 4 : 2);
  expectThat(!bidirectional || buckets % 2 === 0, fn, 'buckets', 'must be even, as they are halved between two directions', buckets);
  const exact = Math.floor(buckets / (bidirectional ? 4 : 2));
  expectThat(maxDistance > exact, fn, 'maxDistance', `must be above ${exact}, the distances that have their own bucket`, maxDistance);
  expectTensor(fn, tableName, table, { buckets, heads });
  expectTensor(fn, biasName, bias, { heads, queries, keys });
}
