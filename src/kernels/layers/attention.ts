import { assert } from '../../base/index.ts';
import { type Matrix, matrixOf, STORE } from '../gemm.ts';
import { type AttentionShape, attention } from '../reference/index.ts';
import type { Step } from '../step.ts';
import type { KernelTable } from '../table.ts';
import { attentionBackwardPhases } from './attention-backward.ts';
import { type AttentionPlan, headOf, keyMaskOf, numericsOf, QUERIES_PER_ITEM, scaleOf, scoresOf } from './attention-plan.ts';
import { acrossOf, rowsOf } from './matrices.ts';
import { type Phase, stepOf } from './phases.ts';
import { isFiniteMatrix, putValues, valuesOf } from './strided.ts';

/**
 * Attention on the memory of a kernel table, forward or backward: what `attention` of the reference kernels computes in BF16 or F32, bit for bit, on any number of lanes.
 *
 * Products take all pairs of a query and a key. Those that do not see each other have probability 0, and add 0 to sums that began with 0, which changes nothing while the
 * numbers that they multiply are finite; where one is not (padding may hold anything), something that comes out is not finite either, and the reference kernel computes
 * that item again.
 */
export function openAttentionStep(plan: AttentionPlan, table: KernelTable, pass: 'forward' | 'backward'): Step {
  return stepOf(pass === 'forward' ? attentionPhases(plan, table) : attentionBackwardPhases(plan, table));
}

/** One phase: items are blocks of the queries of one head of one sequence. */
export function attentionPhases(plan: AttentionPlan, table: KernelTable): Phase[] {
  const { batch, queries, heads } = plan.shape;
  const blocks = Math.ceil(queries / QUERIES_PER_ITEM);
  const placeOf = (item: number): QueryBlock => {
    const head = Math.floor(item / blocks);
    const first = (item % blocks) * QUERIES_PER_ITEM;
    return { b: Math.floor(head / heads), h: head % heads, first, rows: Math.min(QUERIES_PER_ITEM, queries - first) };
  };
  return [
    {
      items: batch * heads * blocks,
      run: (item, lane) => attend(plan, table, placeOf(item), lane),
      name: (item) => {
        const { b, h, first, rows } = placeOf(item);
        return `attention of layer ${plan.options.layer}: sequence ${b}, head ${h}, queries ${first} to ${first + rows - 1}`;
      },
    },
  ];
}

/** Queries first .. first + rows - 1 of head h of sequence b. */
interface QueryBlock {
  readonly b: number;
  readonly h: number;
  readonly first: number;
  readonly rows: number;
}

function attend(plan: AttentionPlan, table: KernelTable, block: QueryBlock, lane: number): void {
  const { shape, lanes, laneScratch, bias } = plan;
  const { b, h, first, rows } = block;
  assert(lane < lanes.length, `lane ${lane} of ${lanes.length}`);
  const [q, context] = [plan.q, plan.context].map((view) => acrossOf(headOf(view, b, h), first, rows));
  const [k, v] = [plan.k, plan.v].map((view) => headOf(view, b, Math.floor((h * shape.kvHeads) / shape.heads)));
  const scores = rowsOf(laneScratch[lane].scores, 0, rows);
  const probabilities = scoresOf(plan.probabilities, b, h, first, rows);
  const product = { transposeLeft: false, accumulate: false };
  table.gemm(
    {
      ...product,
      left: q,
      right: k,
      transposeRight: true,
      target: matrixOf(scores),
      epilogue: {
        kind: 'scores',
        scale: scaleOf(shape),
        bias: bias && matrixOf(scoresOf(bias, 0, h, first, rows)),
        firstQuery: shape.causal ? (shape.firstQuery ?? 0) + first : null,
        keyMask: plan.keyMask === null ? null : plan.keyMask + b * shape.keys,
      },
    },
    lanes[lane],
  );
  table.maskedSoftmax(scores, probabilities);
  table.gemm({ ...product, left: matrixOf(probabilities), right: v, transposeRight: false, target: context, epilogue: STORE }, lanes[lane]);
  if (!isFiniteMatrix(table.memory, context)) attendByReference(plan, table, block, { q, k, v, context });
}

function attendByReference(
  plan: AttentionPlan,
  { memory }: KernelTable,
  { b, h, first, rows }: QueryBlock,
  { q, k, v, context }: Readonly<Record<'q' | 'k' | 'v' | 'context', Matrix>>,
): void {
  const numerics = numericsOf(plan);
  const shape: AttentionShape = {
    ...plan.shape,
    batch: 1,
    heads: 1,
    kvHeads: 1,
    queries: rows,
    firstQuery: (plan.shape.firstQuery ?? 0) + first,
  };
  const bias = plan.bias && valuesOf(memory, matrixOf(scoresOf(plan.bias, 0, h, first, rows)));
  const inputs = { q: valuesOf(memory, q), k: valuesOf(memory, k), v: valuesOf(memory, v), bias, keyMask: keyMaskOf(plan, memory, b) };
  const outputs = { probabilities: numerics.zeros(rows * plan.shape.keys), context: numerics.zeros(inputs.q.length) };
  attention(numerics, shape, inputs, outputs);
  putValues(memory, matrixOf(scoresOf(plan.probabilities, b, h, first, rows)), outputs.probabilities as Float32Array);
  putValues(memory, context, outputs.context as Float32Array);
}
