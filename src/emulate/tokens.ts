import { exp, log, Purpose, uniform } from '../base/index.ts';
import { fillNoise, lookUpNoise, type NoiseKernels, noiseLevels, noiseWords } from '../kernels/index.ts';
import { BYTES_PER_ELEMENT, type TensorView } from '../model/index.ts';
import { CLUSTERS } from '../scenario/index.ts';

/**
 * Synthetic token embeddings, shared by all layers of a stack. Token t belongs to cluster z(t), drawn by a Zipf law:
 *   x(t) = sqrt(1 - s) noise(t) + sqrt(s) centre(z(t)), rounded to bf16,
 * every component of mean 0 and variance 1. The share s of the variance is the one knob: at 0 tokens are independent, at 1 all tokens of a
 * cluster are equal and go to the same expert, so frequent clusters overfill theirs. Natural text lies between; where is an assumption.
 */

/** What a stack's tokens depend on besides their global index. */
export interface TokenLaw {
  readonly seed: number;
  /** Number of the stack, see `stackNumber`. */
  readonly stack: number;
  /** Share of the variance that a token has in common with its cluster, 0..1. */
  readonly clustering: number;
  readonly dModel: number;
}

/** [CLUSTERS] cumulative probabilities proportional to 1 / rank^exponent (Zipf); the last is 1. */
export function zipfCumulative(ranks: number, exponent: number): Float64Array {
  const cumulative = new Float64Array(ranks);
  let sum = 0;
  for (let rank = 1; rank <= ranks; rank++) {
    sum += exponent === 1 ? 1 / rank : exp(-exponent * log(rank));
    cumulative[rank - 1] = sum;
  }
  return cumulative.map((value) => value / sum);
}

/** First index whose cumulative probability exceeds `u`. */
export function indexAt(cumulative: Float64Array, u: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u < cumulative[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Cluster of a token: rank 0 is the most frequent. */
export function clusterOf(law: TokenLaw, cumulative: Float64Array, token: number): number {
  return indexAt(cumulative, uniform(law.seed, Purpose.tokenCluster, law.stack, token));
}

/** Fills centres [CLUSTERS, dModel] f32, already scaled by sqrt(clustering). */
export function fillClusterCentres(centres: Float32Array, law: TokenLaw): void {
  const words = noiseWords(law.dModel);
  const levels = noiseLevels(Math.sqrt(law.clustering));
  for (let cluster = 0; cluster < CLUSTERS; cluster++) {
    fillNoise(words, law.seed, Purpose.clusterCentre, law.stack, cluster);
    lookUpNoise(words, levels, centres.subarray(cluster * law.dModel, (cluster + 1) * law.dModel));
  }
}

/**
 * Writes tokens first, first + 1, ... as bf16 into the rows of `rows` [count, dModel], in the memory of the kernels, as `centres` [CLUSTERS, dModel] f32 is, which
 * is not read when the clustering is 0.
 */
export function createTokenSource(
  law: TokenLaw,
  kernels: NoiseKernels,
  centres: TensorView,
  rows: TensorView,
): (first: number, count: number) => void {
  const { seed, stack, clustering, dModel } = law;
  const cumulative = zipfCumulative(CLUSTERS, 1);
  const deviation = Math.sqrt(1 - clustering);
  return (first, count) => {
    for (let row = 0; row < count; row++) {
      const token = first + row;
      const centre = clustering === 0 ? null : rowOf(centres, clusterOf(law, cumulative, token), dModel);
      kernels.noiseRow({ seed, purpose: Purpose.tokenNoise, layer: stack, token }, deviation, centre, rowOf(rows, row, dModel));
    }
  };
}

function rowOf({ offset, dtype }: TensorView, row: number, columns: number): TensorView {
  return { offset: offset + row * columns * BYTES_PER_ELEMENT[dtype], shape: [columns], dtype };
}
