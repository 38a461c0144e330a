import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import { type Epilogue, type Matrix, matrixOf, STORE } from '../gemm.ts';
import { type AttentionShape, attentionBackward } from '../reference/index.ts';
import type { KernelTable } from '../table.ts';
import {
  type AttentionBackwardPlan,
  type AttentionPlan,
  type AttentionScratch,
  headOf,
  keyMaskOf,
  numericsOf,
  QUERIES_PER_ITEM,
  scaleOf,
  scoresOf,
} from './attention-plan.ts';
import { acrossOf, rowsOf } from './matrices.ts';
import type { Phase } from './phases.ts';
import { bitsOf, clearMatrix, copyMatrix, isFiniteMatrix, putBits, putValues, valuesOf } from './strided.ts';

/**
 * Two phases: gradients of queries, keys and values, whose items are the kv heads of sequences, each with all heads that read it, because dk and dv sum over these in
 * order; then that of the bias, whose items are blocks of its rows, each summed over the batch in order. Gradients are added to what their places hold, or take the
 * place of it: that has the bits of gradients that are added to 0, but for the sign of a 0 where a product underflows, which no sum that begins with 0 can tell.
 */
export function attentionBackwardPhases(plan: AttentionPlan, table: KernelTable, targets: 'added to' | 'replaced' = 'added to'): Phase[] {
  const { backward, shape, options } = plan;
  assert(backward !== null, 'a plan without training has no backward pass');
  const { kvHeads } = shape;
  const phase: Phase = {
    items: shape.batch * kvHeads,
    run: (item, lane) =>
      attendBackward({ plan, backward, table, b: Math.floor(item / kvHeads), g: item % kvHeads, lane, replaces: targets === 'replaced' }),
    name: (item) =>
      `backward of attention of layer ${options.layer}: sequence ${Math.floor(item / kvHeads)}, key and value head ${item % kvHeads}`,
  };
  return backward.dBias === null ? [phase] : [phase, biasPhase(plan, backward, table)];
}

/** A kv head of a sequence. */
interface Group {
  readonly plan: AttentionPlan;
  readonly backward: AttentionBackwardPlan;
  readonly table: KernelTable;
  readonly b: number;
  readonly g: number;
  readonly lane: number;
  /** Whether dq, dk and dv take the place of what is there. */
  readonly replaces: boolean;
}

function attendBackward(group: Group): void {
  const { plan, backward, table, b, g, replaces } = group;
  const { memory } = table;
  const targets = [...headsOf(group).map((h) => headOf(backward.dq, b, h)), headOf(backward.dk, b, g), headOf(backward.dv, b, g)];
  const before = replaces ? null : targets.map((target) => bitsOf(memory, target));
  const dScores = dScoresOf(group);
  headsOf(group).forEach((h, index) => {
    scoreGradients(group, h, rowsOf(dScores, index * plan.shape.queries, plan.shape.queries));
  });
  addKeyValueGradients(group, dScores);
  if (targets.every((target) => isFiniteMatrix(memory, target))) return;
  targets.forEach((target, i) => {
    if (before === null) clearMatrix(memory, target);
    else putBits(memory, target, before[i]);
  });
  attendBackwardByReference(group, targets, dScores);
}

/** The heads that read this one, which stand one behind the other. */
function headsOf({ plan, g }: Group): number[] {
  const count = plan.shape.heads / plan.shape.kvHeads;
  return Array.from({ length: count }, (_, index) => g * count + index);
}

/** ds [H' Q, K] of the group: where the bias finds it again, or in the scratch of the lane. */
function dScoresOf({ plan, backward, b, g, lane }: Group): TensorView {
  const { heads, kvHeads, queries } = plan.shape;
  const own = scratchOf(plan, lane).dScores;
  if (own !== null) return own;
  assert(backward.dScores !== null, 'gradients of scores have no place in this plan');
  return scoresOf(backward.dScores, b, (g * heads) / kvHeads, 0, (heads / kvHeads) * queries);
}

function scratchOf({ laneScratch }: AttentionPlan, lane: number): AttentionScratch {
  assert(lane < laneScratch.length, `lane ${lane} of ${laneScratch.length}`);
  return laneScratch[lane];
}

/** dScores [Q, K] of a head, and its part of dq. */
function scoreGradients({ plan, backward, table, b, g, lane, replaces }: Group, h: number, dScores: TensorView): void {
  const { shape, lanes } = plan;
  const [k, v] = [plan.k, plan.v].map((view) => headOf(view, b, g));
  const product = { transposeLeft: false, accumulate: false };
  for (let first = 0; first < shape.queries; first += QUERIES_PER_ITEM) {
    const rows = Math.min(QUERIES_PER_ITEM, shape.queries - first);
    const dProbabilities = rowsOf(scratchOf(plan, lane).scores, 0, rows);
    const dContext = acrossOf(headOf(backward.dContext, b, h), first, rows);
    table.gemm(
      { ...product, left: dContext, right: v, transposeRight: true, target: matrixOf(dProbabilities), epilogue: STORE },
      lanes[lane],
    );
    table.softmaxBackward(scoresOf(plan.probabilities, b, h, first, rows), dProbabilities, rowsOf(dScores, first, rows), false);
  }
  table.gemm(
    {
      ...product,
      left: matrixOf(dScores),
      right: k,
      transposeRight: false,
      target: headOf(backward.dq, b, h),
      epilogue: scaled(shape, replaces),
    },
    lanes[lane],
  );
}

/** dk and dv: one sum over the heads of the group and their queries. */
function addKeyValueGradients(group: Group, dScores: TensorView): void {
  const { plan, backward, table, b, g, lane, replaces } = group;
  const { heads, kvHeads, queries } = plan.shape;
  const { stackedQueries, stackedContext } = scratchOf(plan, lane);
  const probabilities = scoresOf(plan.probabilities, b, (g * heads) / kvHeads, 0, (heads / kvHeads) * queries);
  const product = { transposeLeft: true, transposeRight: false, accumulate: false };
  table.gemm(
    {
      ...product,
      left: matrixOf(dScores),
      right: stacked(group, plan.q, stackedQueries),
      target: headOf(backward.dk, b, g),
      epilogue: scaled(plan.shape, replaces),
    },
    plan.lanes[lane],
  );
  table.gemm(
    {
      ...product,
      left: matrixOf(probabilities),
      right: stacked(group, backward.dContext, stackedContext),
      target: headOf(backward.dv, b, g),
      epilogue: replaces ? STORE : { kind: 'add' },
    },
    plan.lanes[lane],
  );
}

function scaled(shape: AttentionShape, replaces: boolean): Epilogue {
  const scale = scaleOf(shape);
  return replaces ? { kind: 'scores', scale, bias: null, firstQuery: null, keyMask: null } : { kind: 'addScaled', scale };
}

/** The heads of the group in a tensor [B, Q, H, D], one below the other: as they lie when there is one, else copied to `into`. */
function stacked(group: Group, view: TensorView, into: TensorView | null): Matrix {
  const heads = headsOf(group);
  if (into === null) return headOf(view, group.b, heads[0]);
  const { queries } = group.plan.shape;
  heads.forEach((h, index) => {
    copyMatrix(group.table.memory, headOf(view, group.b, h), matrixOf(rowsOf(into, index * queries, queries)));
  });
  return matrixOf(into);
}

/** `targets` are dq of each head, dk and dv. */
function attendBackwardByReference(group: Group, targets: readonly Matrix[], dScores: TensorView): void {
  const { plan, backward, table, b, g } = group;
  const { memory } = table;
  const { queries, keys, headDim } = plan.shape;
  const numerics = numericsOf(plan);
  const heads = headsOf(group);
  const shape = { ...plan.shape, batch: 1, heads: heads.length, kvHeads: 1 };
  const [q, dContext, dq] = [plan.q, backward.dContext, backward.dq].map((view) =>
    interleaved(
      heads.map((h) => valuesOf(memory, headOf(view, b, h))),
      headDim,
    ),
  );
  const [k, v, dk, dv] = [plan.k, plan.v, backward.dk, backward.dv].map((view) => valuesOf(memory, headOf(view, b, g)));
  const dBias = new Float32Array(heads.length * queries * keys);
  const probabilities = valuesOf(memory, matrixOf(scoresOf(plan.probabilities, b, heads[0], 0, heads.length * queries)));
  const inputs = { q, k, v, bias: null, keyMask: keyMaskOf(plan, memory, b) };
  attentionBackward(numerics, shape, inputs, probabilities, dContext, { dq, dk, dv, dBias });
  // One sequence: the gradient of its bias is ds.
  putValues(memory, matrixOf(dScores), dBias);
  separated(dq, heads.length, headDim).forEach((own, index) => {
    putValues(memory, targets[index], own);
  });
  putValues(memory, targets[heads.length], dk);
  putValues(memory, targets[heads.length + 1], dv);
}

/** [N, H', D] of H' matrices [N, D]. */
function interleaved(heads: readonly Float32Array[], headDim: number): Float32Array {
  const values = new Float32Array(heads.length * heads[0].length);
  heads.forEach((own, h) => {
    for (let i = 0; i < own.length; i++) values[(Math.floor(i / headDim) * heads.length + h) * headDim + (i % headDim)] = own[i];
  });
  return values;
}

/** The inverse of `interleaved`. */
function separated(values: Float32Array, heads: number, headDim: number): Float32Array[] {
  return Array.from({ length: heads }, (_, h) =>
    Float32Array.from(
      { length: values.length / heads },
      (_unused, i) => values[(Math.floor(i / headDim) * heads + h) * headDim + (i % headDim)],
    ),
  );
}

function biasPhase(plan: AttentionPlan, { dBias, dScores }: AttentionBackwardPlan, table: KernelTable): Phase {
  const { batch, heads, queries } = plan.shape;
  assert(dBias !== null && dScores !== null, 'a plan without bias has no gradient of it');
  const blocks = Math.ceil(queries / QUERIES_PER_ITEM);
  return {
    items: heads * blocks,
    run: (item, lane) => {
      const h = Math.floor(item / blocks);
      const first = (item % blocks) * QUERIES_PER_ITEM;
      const rows = Math.min(QUERIES_PER_ITEM, queries - first);
      const list = scratchOf(plan, lane).rows;
      new Int32Array(table.memory.buffer, list, rows).forEach((_, row, own) => {
        own[row] = row;
      });
      const target = scoresOf(dBias, 0, h, first, rows);
      for (let b = 0; b < batch; b++) table.scatterAddRows(scoresOf(dScores, b, h, first, rows), list, target);
    },
    name: (item) => `gradient of the bias of layer ${plan.options.layer}: head ${Math.floor(item / blocks)}`,
  };
}
