import { exp, log } from '../base/index.ts';
import type { KernelTable } from '../kernels/index.ts';
import { f32Elements } from '../model/index.ts';
import { countAssignment, createAssignment, createRouter, type Router, type RouterRead, updateBias } from '../routing/index.ts';
import type { EmulationJob } from './job.ts';
import { type LayerInput, openRouterInputs } from './router-inputs.ts';
import { openScores } from './scores.ts';
import { readsOf, scratchViews } from './scratch.ts';
import { stackNumber } from './shards.ts';
import { createTokenSource } from './tokens.ts';

/**
 * Biases of routers that balance by them (DeepSeek-V3, arXiv 2412.19437, section 2.1.2; Wang et al. 2024, arXiv 2408.15664). A run shows one step of a long
 * training, so every layer's bias starts balanced: UPDATES times the counts of some groups are taken and every bias moves towards the mean by the
 * published sign rule, first by LARGEST_RATE and in the end by the published rate. The groups are those that would follow the last one of the stack: none of them is
 * routed in the run, so no drop rate is measured on what its bias was balanced with. Depends on seed and layer alone, not on threads or sampling.
 */
const UPDATES = 96;
const LARGEST_RATE = 1 / 32;
/** 1e-3, Wang et al. 2024, section 4.1. */
const SMALLEST_RATE = 1e-3;
/** Enough tokens for a count per expert that is not noise alone, as far as a layer's logits fit in the cache; other layers have no say. */
const MOST_GROUPS = 8;
const MOST_LOGITS = 0x8_0000;

/** Fills the biases of all layers of one chunk, for every variant that has any. */
export function balanceBiases(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  kernels: KernelTable,
  stack: number,
  chunk: number,
  thread: number,
): void {
  const { request } = job;
  const { experts } = request;
  const { variants, chunks } = job.stacks[stack];
  const biased = variants.flatMap((variant, i) => {
    const router = createRouter(request.variants[i].router, request.variants[i].options);
    return variant.bias.shape[0] === 0 ? [] : [{ variant, router }];
  });
  const { firstRow } = chunks[chunk];
  const layers = inputsOfLayers(
    job,
    buffer,
    kernels,
    stack,
    chunk,
    thread,
    biased.map(({ router }) => router),
  );
  for (const { variant, router } of biased) {
    const bias = f32Elements(buffer, variant.bias);
    layers.forEach((groups, layer) => {
      const own = bias.subarray((firstRow + layer) * experts, (firstRow + layer + 1) * experts);
      balance(router, groups, own, variant.expertCapacity);
    });
  }
}

/** Brings `bias` [E] into balance on the given groups. */
function balance(router: Router, groups: readonly LayerInput[], bias: Float32Array, expertCapacity: number): void {
  const [{ tokens, experts }] = groups;
  const assignment = createAssignment(tokens, router.rows({ tokens, experts, expertCapacity }));
  const requested = new Int32Array(experts);
  const kept = new Int32Array(experts);
  // Only the bias changes from update to update, and making scores takes more than twice as long as choosing by them.
  const inputs = groups.map((input) => ({ ...input, gateScores: router.gateScores?.({ ...input, expertCapacity, bias }) }));
  for (let update = 0; update < UPDATES; update++) {
    requested.fill(0);
    for (const input of inputs) {
      router.route({ ...input, expertCapacity, bias }, assignment);
      countAssignment(assignment, tokens, requested, kept, 0);
    }
    bias.set(updateBias(bias, requested, rateOf(update)));
  }
}

/** Falls by the same factor from update to update. */
function rateOf(update: number): number {
  const done = update / (UPDATES - 1);
  return exp((1 - done) * log(LARGEST_RATE) + done * log(SMALLEST_RATE));
}

/** [layers of the chunk][groups]: what the routers read, each in memory of its own. */
function inputsOfLayers(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  kernels: KernelTable,
  stack: number,
  chunk: number,
  thread: number,
  routers: readonly Router[],
): LayerInput[][] {
  const { seed, clustering, dModel, experts } = job.request;
  const { tokens, totalGroups, centres, chunks } = job.stacks[stack];
  const { groupTokens } = tokens;
  const { firstRow, layers } = chunks[chunk];
  const views = scratchViews(job.scratch[thread], groupTokens, dModel, experts);
  const law = { seed, stack: stackNumber(tokens.stack), clustering, dModel };
  const fillTokens = createTokenSource(law, kernels, centres, views.tokens);
  const reads = readsOf(routers);
  const inputs = openRouterInputs(job, buffer, stack, views, reads);
  const scores = openScores(job, buffer, kernels, views);
  const count = Math.max(1, Math.min(MOST_GROUPS, Math.floor(MOST_LOGITS / (groupTokens * experts))));
  const ofLayers = Array.from({ length: layers }, (): LayerInput[] => []);
  for (let group = totalGroups; group < totalGroups + count; group++) {
    fillTokens(group * groupTokens, groupTokens);
    const logits = scores.logits(chunks[chunk]);
    inputs.startGroup(group);
    for (let layer = 0; layer < layers; layer++) {
      scores.probabilities(logits, layer);
      ofLayers[layer].push(copyOf(inputs.layerInput(firstRow + layer, chunks[chunk]), reads));
    }
  }
  return ofLayers;
}

/** What is read of the input, in memory of its own. */
function copyOf({ tokens, experts, draw, training, ...tensors }: LayerInput, reads: ReadonlySet<RouterRead>): LayerInput {
  return {
    ...{ tokens, experts, draw, training },
    probabilities: reads.has('probabilities') ? tensors.probabilities?.slice() : undefined,
    logits: tensors.logits?.slice(),
    noiseLogits: tensors.noiseLogits?.slice(),
    tokenIds: tensors.tokenIds?.slice(),
    domains: tensors.domains?.slice(),
  };
}
