import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import { type GemmCall, type Matrix, matrixOf, STORE } from '../gemm.ts';
import { listFrom, matrixAt, regionOfCall, rowsOf } from './matrices.ts';
import { batchOf, type OpenSwitchLayer, overBatch, overExperts, overTokens } from './open-switch-layer.ts';
import { chunked, type Phase, single, together } from './phases.ts';
import { towardsInput, towardsWeights } from './products.ts';
import type { SwitchBackwardPlan } from './switch-plan.ts';
import { assignTokensBackward } from './switch-routing.ts';

/** Rows of the router's gradient that an item makes. */
const ROUTER_ROWS_PER_ITEM = 64;

/**
 * The phases of a backward pass; products of one phase do not depend on each other.
 *
 *   combine | dLogits, dHidden (masked or gated), dOut | dBatch, dIn, dGate, dRouter | dx
 */
export function switchBackwardPhases(open: OpenSwitchLayer): Phase[] {
  const { plan, table, lists, draw, place } = open;
  const { backward } = plan;
  assert(backward !== null, 'a plan without training has no backward pass');
  return [
    overBatch(open, 'backward of combine', (first, count) => {
      const [source, dSource] = [plan.batchOut, backward.dBatchOut].map((view) => rowsOf(view, first, count));
      const [tokens, weights, dWeights] = [plan.lists.batchToken, plan.lists.batchWeight, backward.dWeights].map((list) =>
        listFrom(list, first),
      );
      table.combineRowsBackward(source, backward.dy, tokens, weights, dSource, dWeights);
    }),
    together(
      single(`backward of assignment of ${place}`, () => assignTokensBackward(plan, table, lists, draw)),
      ...outPhases(open, backward),
    ),
    together(...inPhases(open, backward), routerPhase(open, backward)),
    overTokens(open, 'dx', (first, count, lane) => {
      const dx = rowsOf(backward.dx, first, count);
      table.combineRows(backward.dBatch, listFrom(plan.lists.tokenStarts, first), plan.lists.tokenRow, null, dx, true);
      const dLogits = matrixOf(rowsOf(backward.dLogits, first, count));
      table.gemm(
        { ...towardsInput(dLogits, matrixOf(plan.weights.router)), target: matrixOf(dx), epilogue: { kind: 'add' } },
        plan.lanes[lane],
      );
    }),
  ];
}

/** dInSums (and dGateSums) from dBatchOut, and the gradient of `out`. */
function outPhases(open: OpenSwitchLayer, { gradients, dBatchOut, dInSums, dGateSums }: SwitchBackwardPlan): Phase[] {
  const { weights, hidden, gateSums, inSums, shape } = open.plan;
  const { dModel, dExpert, activation } = shape;
  return [
    overExperts(open, 'dHidden', 'rows', dModel, dExpert, (expert) => {
      const ofBatch = (view: TensorView): Matrix => batchOf(open, view, expert);
      const product = { ...towardsInput(ofBatch(dBatchOut), matrixAt(weights.out, expert)), target: ofBatch(dInSums) };
      if (activation === 'relu') return [{ ...product, epilogue: { kind: 'mask', mask: ofBatch(hidden) } }];
      assert(gateSums !== null && inSums !== null && dGateSums !== null, `a Switch layer with ${activation} and no gate`);
      const gate = activation === 'geglu' ? 'gelu' : 'silu';
      const [sums, gates, dGates] = [ofBatch(inSums), ofBatch(gateSums), ofBatch(dGateSums)];
      return [{ ...product, epilogue: { kind: 'gatedBackward', gate, gateSums: gates, sums, dGateSums: dGates } }];
    }),
    overExperts(open, 'dOut', 'weights', dExpert, dModel, (expert) => [
      towardsWeights(batchOf(open, hidden, expert), batchOf(open, dBatchOut, expert), matrixAt(gradients.out, expert)),
    ]),
  ];
}

/** dBatch, in bf16 rounded after each of its two products, and the gradients of `in` and `gate`. */
function inPhases(open: OpenSwitchLayer, { gradients, dInSums, dGateSums, dBatch }: SwitchBackwardPlan): Phase[] {
  const { weights, batch, shape } = open.plan;
  const { dModel, dExpert } = shape;
  const weightPhase = (name: string, dSums: TensorView, gradient: TensorView): Phase =>
    overExperts(open, name, 'weights', dModel, dExpert, (expert) => [
      towardsWeights(batchOf(open, batch, expert), batchOf(open, dSums, expert), matrixAt(gradient, expert)),
    ]);
  const phases = [
    overExperts(open, 'dBatch', 'rows', dExpert, dModel, (expert) => {
      const target = batchOf(open, dBatch, expert);
      const first: GemmCall = { ...towardsInput(batchOf(open, dInSums, expert), matrixAt(weights.in, expert)), target, epilogue: STORE };
      if (dGateSums === null || weights.gate === null) return [first];
      const product = towardsInput(batchOf(open, dGateSums, expert), matrixAt(weights.gate, expert));
      return [first, { ...product, target, epilogue: { kind: 'add' } }];
    }),
    weightPhase('dIn', dInSums, gradients.in),
  ];
  if (dGateSums !== null && gradients.gate !== null) phases.push(weightPhase('dGate', dGateSums, gradients.gate));
  return phases;
}

/** dRouter += x^T dLogits, its sums in token order; lanes share its rows. */
function routerPhase({ plan, table, place }: OpenSwitchLayer, { gradients, dLogits }: SwitchBackwardPlan): Phase {
  const { dModel, experts } = plan.shape;
  const call = towardsWeights(matrixOf(plan.x), matrixOf(dLogits), matrixOf(gradients.router));
  return chunked(
    `dRouter of ${place}`,
    dModel,
    ROUTER_ROWS_PER_ITEM,
    () => dModel,
    (row, rows, lane) => table.gemm(regionOfCall(call, { row, rows, column: 0, columns: experts }), plan.lanes[lane]),
  );
}
