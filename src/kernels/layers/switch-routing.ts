import { areFinite, assert } from '../../base/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import type { Assignment, Router, RouterGradient, RouterInput } from '../../routing/index.ts';
import { matrixOf, STORE } from '../gemm.ts';
import { F32 } from '../numerics.ts';
import {
  type AssignmentFunction,
  type AssignmentRows,
  type ExpertScores,
  expectFiniteLogits,
  routerZLossOf,
  routerZLossOfBackward,
  switchTop1Assignment,
} from '../reference/index.ts';
import type { KernelTable } from '../table.ts';
import { rowsOf } from './matrices.ts';
import { layOutRows, type OpenLists } from './routing-lists.ts';
import { routerOf, type SwitchLayerPlan } from './switch-plan.ts';

/** Uniform number `index` in [0, 1) for a token, the same on every call. */
export type Draw = RouterInput['draw'];

/** For routers that draw nothing. */
export const NO_DRAWS: Draw = () => {
  assert(false, 'this router draws random numbers, and none are given');
};

/** logits = x router, and their softmax, for tokens first .. first + count - 1. Refuses logits that are not finite, by layer, token and expert. */
export function scoreTokens(plan: SwitchLayerPlan, table: KernelTable, first: number, count: number, lane: number): void {
  const { tokens, experts } = plan.shape;
  const [x, logits, probabilities] = [plan.x, plan.scores.logits, plan.scores.probabilities].map((view) => rowsOf(view, first, count));
  const product = { left: matrixOf(x), transposeLeft: false, right: matrixOf(plan.weights.router), transposeRight: false };
  table.gemm({ ...product, target: matrixOf(logits), accumulate: false, epilogue: STORE }, plan.lanes[lane]);
  const values = f32Elements(table.memory.buffer, logits);
  if (!areFinite(values)) {
    const { layer, firstToken } = plan.options;
    expectFiniteLogits('switchLayer', values, experts, { layer, tokens: Array.from({ length: count }, (_, s) => firstToken + first + s) });
  }
  const own: TensorView = { ...plan.laneStatistics[lane], shape: [2, count] };
  table.softmax(logits, 0, probabilities, own);
  const [statistics, ownStatistics] = [plan.scores.statistics, own].map((view) => f32Elements(table.memory.buffer, view));
  statistics.set(ownStatistics.subarray(0, count), first);
  statistics.set(ownStatistics.subarray(count), tokens + first);
}

/** Gives every token its experts, in token order, and lays out the lists; writes both losses. */
export function assignTokens(plan: SwitchLayerPlan, { memory }: KernelTable, lists: OpenLists, draw: Draw): void {
  const { shape, options } = plan;
  const scores = openScores(plan, memory.buffer);
  const assignment = assignmentOf(plan, draw);
  const rows = assignment.assign(scores);
  assert(rows.token.length === plan.rows, `an assignment of ${rows.token.length} rows, ${plan.rows} are planned`);
  for (const name of ['token', 'expert', 'slot', 'weight'] as const) lists[name].set(rows[name]);
  if (isAssignment(rows)) lists.requested.set(rows.requested);
  layOutRows(lists);

  const losses = f32Elements(memory.buffer, plan.losses);
  losses[0] = options.auxiliaryCoefficient * assignment.auxiliaryLoss(scores, lists);
  // The square of a huge logit may be infinite, and nothing times that is NaN.
  losses[1] = options.zCoefficient === 0 ? 0 : options.zCoefficient * routerZLossOf(F32, shape, scores.statistics);
}

/** dLogits [S, E] = what the gradients of the combine weights (f32, by batch row) and of both losses say. */
export function assignTokensBackward(plan: SwitchLayerPlan, { memory }: KernelTable, lists: OpenLists, draw: Draw): void {
  const { shape, options, backward } = plan;
  assert(backward !== null, 'a plan without training has no backward pass');
  const scores = openScores(plan, memory.buffer);
  const kept = lists.first[shape.experts];
  const ofBatchRows = new Float32Array(memory.buffer, backward.dWeights, kept);
  const weight = new Float32Array(plan.rows);
  for (let at = 0; at < kept; at++) weight[lists.batchRow[at]] = ofBatchRows[at];
  const dLogits = f32Elements(memory.buffer, backward.dLogits).fill(0);
  assignmentOf(plan, draw).backward(scores, lists, { weight, auxiliaryLoss: options.auxiliaryCoefficient, logits: dLogits });
  if (options.zCoefficient !== 0) routerZLossOfBackward(F32, shape, scores, options.zCoefficient, dLogits);
}

interface OpenScores extends ExpertScores {
  readonly probabilities: Float32Array;
  readonly logits: Float32Array;
  readonly statistics: Float32Array;
}

function openScores({ scores }: SwitchLayerPlan, buffer: ArrayBufferLike): OpenScores {
  const { probabilities, logits, statistics } = scores;
  return {
    probabilities: f32Elements(buffer, probabilities),
    logits: f32Elements(buffer, logits),
    statistics: f32Elements(buffer, statistics),
  };
}

/** The plan's router as the layer takes it. */
function assignmentOf({ shape, options }: SwitchLayerPlan, draw: Draw): AssignmentFunction {
  const router = routerOf(options);
  return router === null ? switchTop1Assignment(F32, shape) : registeredAssignment(router, shape, options.training, draw);
}

/** A router of the registry as an assignment of the reference kernels, over f32 scores. */
export function registeredAssignment(
  router: Router,
  { tokens, experts, expertCapacity }: { readonly tokens: number; readonly experts: number; readonly expertCapacity: number },
  training: boolean,
  draw: Draw,
): AssignmentFunction {
  const inputOf = ({ probabilities, logits }: ExpertScores): RouterInput => ({
    tokens,
    experts,
    expertCapacity,
    draw,
    training,
    probabilities: probabilities as Float32Array,
    logits: logits as Float32Array,
  });
  return {
    assign: (scores) => router.route(inputOf(scores)),
    auxiliaryLoss: (scores, rows) => router.auxiliaryLoss(inputOf(scores), rows as Assignment),
    backward: (scores, rows, gradient) => router.backward(inputOf(scores), rows as Assignment, gradient as RouterGradient),
  };
}

function isAssignment(rows: AssignmentRows): rows is Assignment {
  return 'requested' in rows;
}
