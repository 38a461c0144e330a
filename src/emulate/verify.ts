import { assert } from '../base/index.ts';
import { feedForward, type KernelTable } from '../kernels/index.ts';
import { bf16Elements, elementCount, type TensorView } from '../model/index.ts';
import { fillExpertMatrix } from './expert-weights.ts';
import type { EmulationJob } from './job.ts';
import type { KernelPair } from './kernel-pair.ts';
import { counts, sums } from './memory-views.ts';
import { layerKey } from './shards.ts';
import { type Lane, OUTCOMES_PER_LANE, takenBatches, type VerificationPlan } from './verification-plan.ts';
import { VERIFIED_ROWS, type VerificationScratch } from './verification-scratch.ts';

/**
 * Runs one lane: makes its expert's weights, gathers the dispatched slots of its batches, runs the feed-forward on both kernels and compares the
 * bf16 outputs bit by bit.
 */
export function runLane(job: EmulationJob, buffer: ArrayBufferLike, kernels: KernelPair, laneRow: number, thread: number): void {
  const plan = job.verification;
  const scratch = job.scratch[thread].verification;
  assert(plan !== null && scratch !== null, 'a verification item without a plan');
  const lane = plan.lanes[laneRow];
  const batches = takenBatches(plan, keptTokens(plan, buffer))[laneRow];
  const rows = lane.groups.slice(0, batches).flatMap((_, batch) => batchRows(lane, buffer, batch, runsFull(plan, laneRow, batch)));
  const tokens = rows.filter((row) => row.filled).length;
  if (rows.length > 0) fillWeights(job, kernels.fast, lane, scratch);
  let differing = 0;
  for (let first = 0; first < rows.length; first += VERIFIED_ROWS) {
    const block = rows.slice(first, first + VERIFIED_ROWS).map((row) => row.slot);
    differing += runRows(job, buffer, kernels, lane, block, scratch);
  }
  const fullBatches = batches > 0 && runsFull(plan, laneRow, 0) ? 1 : 0;
  sums(buffer, plan.outcomes).set([tokens, rows.length * job.request.dModel, differing, fullBatches], laneRow * OUTCOMES_PER_LANE);
}

function runsFull(plan: VerificationPlan, lane: number, batch: number): boolean {
  return batch === 0 && lane < plan.fullBatchLanes;
}

/** [lane][batch]: tokens that were dispatched. */
function keptTokens(plan: VerificationPlan, buffer: ArrayBufferLike): number[][] {
  return plan.lanes.map((lane) => {
    const filled = counts(buffer, lane.filled);
    const capacity = lane.filled.shape[1];
    return lane.groups.map((_, batch) => filled.subarray(batch * capacity, (batch + 1) * capacity).reduce((sum, one) => sum + one, 0));
  });
}

/** Slots of a batch that run: the filled ones, or all of them. */
function batchRows(lane: Lane, buffer: ArrayBufferLike, batch: number, full: boolean): { slot: number; filled: boolean }[] {
  const filled = counts(buffer, lane.filled);
  const capacity = lane.filled.shape[1];
  const slots = Array.from({ length: capacity }, (_, i) => ({ slot: batch * capacity + i, filled: filled[batch * capacity + i] === 1 }));
  return full ? slots : slots.filter((slot) => slot.filled);
}

function fillWeights(job: EmulationJob, kernels: KernelTable, lane: Lane, { weights }: VerificationScratch): void {
  const { tokens } = job.stacks[lane.stack];
  const key = { seed: job.request.seed, layer: layerKey(tokens.stack, tokens.layers[lane.row]), expert: lane.expert };
  const fill = (matrix: number, view: TensorView): void => fillExpertMatrix(kernels, view, { ...key, matrix });
  fill(0, weights.in);
  fill(1, weights.out);
  if (weights.gate !== null) fill(2, weights.gate);
}

/** Values of the slots' outputs that differ between the two kernels. */
function runRows(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  kernels: KernelPair,
  lane: Lane,
  slots: readonly number[],
  scratch: VerificationScratch,
): number {
  const { dModel } = job.request;
  const cut = (view: TensorView): TensorView => ({ ...view, shape: [slots.length, dModel] });
  const dispatched = bf16Elements(buffer, lane.slots);
  const input = bf16Elements(buffer, cut(scratch.input));
  slots.forEach((slot, row) => {
    input.set(dispatched.subarray(slot * dModel, (slot + 1) * dModel), row * dModel);
  });
  feedForward(kernels.fast, cut(scratch.input), scratch.weights, cut(scratch.fastOutput), scratch.fast);
  feedForward(kernels.oracle, cut(scratch.input), scratch.weights, cut(scratch.oracleOutput), scratch.oracle);
  const fast = bf16Elements(buffer, cut(scratch.fastOutput));
  const oracle = bf16Elements(buffer, cut(scratch.oracleOutput));
  let differing = 0;
  for (let i = 0; i < elementCount(cut(scratch.input).shape); i++) if (fast[i] !== oracle[i]) differing++;
  return differing;
}
