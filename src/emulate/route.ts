import { type KernelTable, squaredLogSumExp } from '../kernels/index.ts';
import { f32Elements } from '../model/index.ts';
import { type Assignment, countAssignment, createAssignment, createRouter, type Router, type RouterInput } from '../routing/index.ts';
import { openDispatch } from './dispatch.ts';
import { checkLogits } from './finite.ts';
import { type EmulationJob, type LayerChunk, LOSSES_PER_GROUP, type ThreadScratch, type VariantPlan } from './job.ts';
import { counts, sums } from './memory-views.ts';
import { openRouterInputs, type RouterInputs } from './router-inputs.ts';
import { openScores } from './scores.ts';
import { readsOf, scratchViews } from './scratch.ts';
import { stackNumber } from './shards.ts';
import { createTokenSource } from './tokens.ts';

/** Routes whole groups of one stack: tokens, logits of all layers, softmax, every variant's router, counts and dispatch. */
export type GroupRouter = (row: number) => void;

/** Everything one thread needs for one stack, opened once. */
export function openGroupRouter(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  kernels: KernelTable,
  stack: number,
  thread: number,
): GroupRouter {
  const { request } = job;
  const plan = job.stacks[stack];
  const { groupTokens, groups } = plan.tokens;
  const views = scratchViews(job.scratch[thread], groupTokens, request.dModel, request.experts);
  const law = { seed: request.seed, stack: stackNumber(plan.tokens.stack), clustering: request.clustering, dModel: request.dModel };
  const fillTokens = createTokenSource(law, kernels, plan.centres, views.tokens);
  const routers = request.variants.map(({ router, options }) => createRouter(router, options));
  const inputs = openRouterInputs(job, buffer, stack, views, readsOf(routers));
  const layerRouter = openLayerRouter(job, buffer, stack, views, inputs, routers);
  const scores = openScores(job, buffer, kernels, views);
  return (row) => {
    fillTokens(groups[row] * groupTokens, groupTokens);
    inputs.startGroup(groups[row]);
    for (const chunk of plan.chunks) {
      const logits = scores.logits(chunk);
      checkLogits(job, buffer, stack, chunk, views, row);
      for (let layer = 0; layer < chunk.layers; layer++) {
        scores.probabilities(logits, layer);
        layerRouter(chunk.firstRow + layer, row, chunk);
      }
    }
  };
}

/** Routes the group whose probabilities are in scratch through one layer, under every variant. */
function openLayerRouter(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  stack: number,
  views: ThreadScratch,
  inputs: RouterInputs,
  routers: readonly Router[],
) {
  const { experts } = job.request;
  const { tokens, variants } = job.stacks[stack];
  const statistics = f32Elements(buffer, views.statistics);
  const routed = variants.map((variant, i) => openVariant(buffer, variant, routers[i], tokens.groupTokens, experts));
  const dispatch = openDispatch(job, buffer, stack, views);
  return (layerRow: number, groupRow: number, chunk: LayerChunk): void => {
    const at = layerRow * tokens.groups.length + groupRow;
    const shared = inputs.layerInput(layerRow, chunk);
    const squares = squaredLogSumExp(statistics);
    for (const { router, variant, assignment, count, biasOf } of routed) {
      const scores = router.gates === 'domain' ? inputs.withDomainGates(shared, layerRow) : shared;
      const input: RouterInput = { ...scores, expertCapacity: variant.expertCapacity, bias: biasOf(layerRow) };
      router.route(input, assignment);
      count(at, input, squares);
    }
    dispatch(at, routed[0].assignment);
  };
}

interface OpenVariant {
  readonly router: Router;
  readonly variant: VariantPlan;
  readonly assignment: Assignment;
  /** Counts the assignment into row `at` (layer row x groups + group row) of the variant's regions. */
  readonly count: (at: number, input: RouterInput, squaredLogSumExps: number) => void;
  readonly biasOf: (layerRow: number) => Float32Array | undefined;
}

function openVariant(buffer: ArrayBufferLike, variant: VariantPlan, router: Router, groupTokens: number, experts: number): OpenVariant {
  const assignment = createAssignment(groupTokens, router.rows({ tokens: groupTokens, experts, expertCapacity: variant.expertCapacity }));
  const requested = counts(buffer, variant.requested);
  const kept = counts(buffer, variant.kept);
  const dropped = counts(buffer, variant.dropped);
  const losses = sums(buffer, variant.losses);
  const bias = f32Elements(buffer, variant.bias);
  const count = (at: number, input: RouterInput, squaredLogSumExps: number): void => {
    const tally = countAssignment(assignment, groupTokens, requested, kept, at * experts);
    dropped[at] = tally.droppedTokens;
    losses[at * LOSSES_PER_GROUP] = router.auxiliaryLoss(input, assignment);
    losses[at * LOSSES_PER_GROUP + 1] = squaredLogSumExps;
    losses[at * LOSSES_PER_GROUP + 2] = tally.keptWeight;
  };
  const biasOf = (layerRow: number): Float32Array | undefined =>
    bias.length === 0 ? undefined : bias.subarray(layerRow * experts, (layerRow + 1) * experts);
  return { router, variant, assignment, count, biasOf };
}
