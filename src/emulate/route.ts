import { drawWords, Purpose } from '../base/index.ts';
import { type KernelTable, squaredLogSumExp } from '../kernels/index.ts';
import { bf16Elements, f32Elements, type TensorView } from '../model/index.ts';
import {
  type Assignment,
  addProbabilitySums,
  countAssignment,
  createAssignment,
  createRouter,
  type Router,
  type RouterInput,
} from '../routing/index.ts';
import { openDispatch } from './dispatch.ts';
import { type EmulationJob, LOSSES_PER_GROUP, type ThreadScratch, type VariantPlan } from './job.ts';
import { counts, sums } from './memory-views.ts';
import { layerKey, stackNumber } from './shards.ts';
import { createTokenSource } from './tokens.ts';

const WORD_RANGE = 0x1_0000_0000;

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
  const { groupTokens, groups, layers } = plan.tokens;
  const views = scratchViews(job.scratch[thread], groupTokens, request.dModel, request.experts);
  const law = { seed: request.seed, stack: stackNumber(plan.tokens.stack), clustering: request.clustering, dModel: request.dModel };
  const fillTokens = createTokenSource(law, f32Elements(buffer, plan.centres));
  const tokens = bf16Elements(buffer, views.tokens);
  const layerRouter = openLayerRouter(job, buffer, stack, views);
  return (row) => {
    fillTokens(tokens, groups[row] * groupTokens, groupTokens);
    for (const chunk of plan.chunks) {
      const logits: TensorView = { ...views.logits, shape: [groupTokens, chunk.layers * request.experts] };
      kernels.matmul(views.tokens, chunk.packed, logits, views.matmul);
      for (let layer = 0; layer < chunk.layers; layer++) {
        kernels.softmax(logits, layer * request.experts, views.probabilities, views.statistics);
        const layerRow = chunk.firstRow + layer;
        layerRouter(layerRow, row, layerKey(plan.tokens.stack, layers[layerRow]));
      }
    }
  };
}

/** The thread's scratch, cut to the group size of one stack. */
function scratchViews(scratch: ThreadScratch, groupTokens: number, dModel: number, experts: number): ThreadScratch {
  return {
    ...scratch,
    tokens: { ...scratch.tokens, shape: [groupTokens, dModel] },
    probabilities: { ...scratch.probabilities, shape: [groupTokens, experts] },
    statistics: { ...scratch.statistics, shape: [2, groupTokens] },
  };
}

/** Routes the group whose probabilities are in scratch through one layer, under every variant. */
function openLayerRouter(job: EmulationJob, buffer: ArrayBufferLike, stack: number, views: ThreadScratch) {
  const { request } = job;
  const plan = job.stacks[stack];
  const { experts } = request;
  const { groupTokens, groups } = plan.tokens;
  const probabilities = f32Elements(buffer, views.probabilities);
  const statistics = f32Elements(buffer, views.statistics);
  const probabilitySums = new Float64Array(experts);
  const words = new Uint32Array(4);
  const routed = plan.variants.map((variant, i) =>
    openVariant(buffer, variant, createRouter(request.variants[i].router, request.variants[i].options), groupTokens, experts),
  );
  const dispatch = openDispatch(job, buffer, stack, views);
  return (layerRow: number, groupRow: number, key: number): void => {
    const at = layerRow * groups.length + groupRow;
    const firstToken = groups[groupRow] * groupTokens;
    const draw = (token: number, index: number): number => {
      drawWords(words, { seed: request.seed, purpose: Purpose.secondExpert, layer: key, token: firstToken + token }, index >> 2);
      return words[index & 3] / WORD_RANGE;
    };
    probabilitySums.fill(0);
    addProbabilitySums(probabilitySums, probabilities);
    const squares = squaredLogSumExp(statistics);
    for (let v = 0; v < routed.length; v++) {
      const { router, variant, assignment, count } = routed[v];
      const { expertCapacity } = variant;
      const input: RouterInput = { tokens: groupTokens, experts, expertCapacity, draw, training: true, probabilities, probabilitySums };
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
}

function openVariant(buffer: ArrayBufferLike, variant: VariantPlan, router: Router, groupTokens: number, experts: number): OpenVariant {
  const assignment = createAssignment(groupTokens, router.rows({ tokens: groupTokens, experts, expertCapacity: variant.expertCapacity }));
  const requested = counts(buffer, variant.requested);
  const kept = counts(buffer, variant.kept);
  const dropped = counts(buffer, variant.dropped);
  const losses = sums(buffer, variant.losses);
  const count = (at: number, input: RouterInput, squaredLogSumExps: number): void => {
    const tally = countAssignment(assignment, groupTokens, requested, kept, at * experts);
    dropped[at] = tally.droppedTokens;
    losses[at * LOSSES_PER_GROUP] = router.auxiliaryLoss(input, assignment);
    losses[at * LOSSES_PER_GROUP + 1] = squaredLogSumExps;
    losses[at * LOSSES_PER_GROUP + 2] = tally.keptWeight;
  };
  return { router, variant, assignment, count };
}
