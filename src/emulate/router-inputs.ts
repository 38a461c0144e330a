import { assert, Purpose } from '../base/index.ts';
import { f32Elements } from '../model/index.ts';
import { addProbabilitySums, type RouterInput, type RouterRead } from '../routing/index.ts';
import { CLUSTERS } from '../scenario/index.ts';
import { domainGates, fillDomains } from './domains.ts';
import type { EmulationJob, LayerChunk, ThreadScratch } from './job.ts';
import { layerKey, stackNumber } from './shards.ts';
import { tokenDraws } from './token-draws.ts';
import { clusterOf, zipfCumulative } from './tokens.ts';
import type { EmulationRequest, StackTokens } from './types.ts';

/** Input of one group and layer without what differs between variants: capacity, and the bias that belongs to one router's own history. */
export type LayerInput = Omit<RouterInput, 'expertCapacity' | 'bias'>;

/** What routers read of one stack, in memory that is filled anew for every group and layer. */
export interface RouterInputs {
  /** Ids and domains of the tokens of group `group`. */
  readonly startGroup: (group: number) => void;
  /** Input of one layer, by its row in `StackTokens.layers`; its probabilities and the logits of its chunk are in scratch. Valid until the next call. */
  readonly layerInput: (row: number, chunk: LayerChunk) => LayerInput;
  /** The same input as a router sees it that has a gate for every domain. */
  readonly withDomainGates: (input: LayerInput, row: number) => LayerInput;
}

/**
 * Opens the inputs that the routers in `reads` ask for.
 *   tokenIds     the cluster of a token is its vocabulary id: both follow the same law of Zipf, rank 0 the most frequent
 *   noiseLogits  zeros, because W_noise of an untrained layer is (Shazeer et al. 2017, arXiv 1701.06538, appendix A)
 *   domains      see `domains.ts`
 */
export function openRouterInputs(
  { request, stacks }: Pick<EmulationJob, 'request' | 'stacks'>,
  buffer: ArrayBufferLike,
  stack: number,
  views: ThreadScratch,
  reads: ReadonlySet<RouterRead>,
): RouterInputs {
  const { seed, clustering, dModel, experts } = request;
  const { tokens } = stacks[stack];
  const S = tokens.groupTokens;
  const probabilities = f32Elements(buffer, views.probabilities);
  const product = f32Elements(buffer, views.logits);
  const probabilitySums = new Float64Array(experts);
  const logits = reads.has('logits') ? new Float32Array(S * experts) : undefined;
  const noiseLogits = reads.has('noiseLogits') ? new Float32Array(S * experts) : undefined;
  const tokenIds = reads.has('tokenIds') ? new Int32Array(S) : undefined;
  const domains = reads.has('domains') ? new Int32Array(S) : undefined;
  const law = { seed, stack: stackNumber(tokens.stack), clustering, dModel };
  const frequencies = tokenIds === undefined ? new Float64Array(0) : zipfCumulative(CLUSTERS, 1);
  let firstToken = 0;
  return {
    startGroup: (group) => {
      firstToken = group * S;
      tokenIds?.forEach((_, token) => {
        tokenIds[token] = clusterOf(law, frequencies, firstToken + token);
      });
      if (domains !== undefined) fillDomains(domains, seed, tokens.sequenceLength, firstToken);
    },
    layerInput: (row, chunk) => {
      probabilitySums.fill(0);
      addProbabilitySums(probabilitySums, probabilities);
      if (logits !== undefined) copyLayer(product, chunk, row, logits, experts);
      const draw = tokenDraws(seed, Purpose.secondExpert, layerKey(tokens.stack, tokens.layers[row]), firstToken);
      return { tokens: S, experts, draw, training: true, probabilities, probabilitySums, logits, noiseLogits, tokenIds, domains };
    },
    withDomainGates: openDomainGates(request, tokens),
  };
}

/** Logits [S, E] of one layer out of those of its chunk, [S, layers * E]. */
function copyLayer(product: Float32Array, chunk: LayerChunk, row: number, logits: Float32Array, experts: number): void {
  const width = chunk.layers * experts;
  for (let at = (row - chunk.firstRow) * experts, to = 0; to < logits.length; at += width, to += experts) {
    logits.set(product.subarray(at, at + experts), to);
  }
}

function openDomainGates(
  { seed, experts }: EmulationRequest,
  { stack, layers, groupTokens }: StackTokens,
): RouterInputs['withDomainGates'] {
  const gates = new Map<number, Int32Array[]>();
  let probabilities = new Float32Array(0);
  const probabilitySums = new Float64Array(experts);
  const gatesOf = (row: number): Int32Array[] => {
    const known = gates.get(row) ?? domainGates(seed, layerKey(stack, layers[row]), experts);
    gates.set(row, known);
    return known;
  };
  return (input, row) => {
    const { domains, probabilities: shared } = input;
    assert(domains !== undefined && shared !== undefined, 'gates of domains without domains');
    const ofLayer = gatesOf(row);
    if (probabilities.length === 0) probabilities = new Float32Array(groupTokens * experts);
    for (let token = 0, at = 0; token < groupTokens; token++, at += experts) {
      const gate = ofLayer[domains[token]];
      for (let expert = 0; expert < experts; expert++) probabilities[at + expert] = shared[at + gate[expert]];
    }
    probabilitySums.fill(0);
    addProbabilitySums(probabilitySums, probabilities);
    return { ...input, probabilities, probabilitySums };
  };
}
