import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import { type GemmCall, type Matrix, STORE } from '../gemm.ts';
import type { Step } from '../step.ts';
import type { KernelTable } from '../table.ts';
import { listFrom, matrixAt, rowsOf } from './matrices.ts';
import { batchOf, type OpenSwitchLayer, openLayer, overBatch, overExperts, overTokens } from './open-switch-layer.ts';
import { type Phase, single, stepOf } from './phases.ts';
import { forwards, type Product } from './products.ts';
import { switchBackwardPhases } from './switch-backward.ts';
import type { SwitchLayerPlan } from './switch-plan.ts';
import { assignTokens, type Draw, NO_DRAWS, scoreTokens } from './switch-routing.ts';

/**
 * A Switch feed-forward layer on the memory of a kernel table, forward or backward, as a step of phases: what `switchLayer` of the reference kernels computes in BF16 or
 * F32 with sorted dispatch and without jitter and expert dropout, bit for bit, on any number of lanes. Formulas stand there.
 *
 *   forward: scores | assignment | dispatch | hidden | batchOut | combine
 *
 * Every expert is multiplied for the rows that it really has. A backward pass follows a forward pass on the same memory, and adds to its gradients.
 */
export function openSwitchLayerStep(plan: SwitchLayerPlan, table: KernelTable, pass: 'forward' | 'backward', draw: Draw = NO_DRAWS): Step {
  const open = openLayer(plan, table, draw);
  return stepOf(pass === 'forward' ? forwardPhases(open) : switchBackwardPhases(open));
}

function forwardPhases(open: OpenSwitchLayer): Phase[] {
  const { plan, table, lists, draw, place } = open;
  const { dModel, dExpert } = plan.shape;
  return [
    overTokens(open, 'router', (first, count, lane) => scoreTokens(plan, table, first, count, lane)),
    single(`assignment of ${place}`, () => assignTokens(plan, table, lists, draw)),
    overBatch(open, 'dispatch', (first, count) => {
      table.gatherRows(plan.x, listFrom(plan.lists.batchToken, first), rowsOf(plan.batch, first, count));
    }),
    overExperts(open, 'hidden', 'rows', dModel, dExpert, (expert) => hiddenCalls(open, expert)),
    overExperts(open, 'out', 'rows', dExpert, dModel, (expert) => [
      {
        ...forwards(batchOf(open, plan.hidden, expert), matrixAt(plan.weights.out, expert)),
        target: batchOf(open, plan.batchOut, expert),
        epilogue: STORE,
      },
    ]),
    overTokens(open, 'combine', (first, count) => {
      const { tokenStarts, tokenRow, tokenWeight } = plan.lists;
      table.combineRows(plan.batchOut, listFrom(tokenStarts, first), tokenRow, tokenWeight, rowsOf(plan.y, first, count), false);
    }),
  ];
}

/** hidden = relu(batch in), or act(batch gate) (batch in) of gated experts, whose sums stay for the backward pass. */
function hiddenCalls(open: OpenSwitchLayer, expert: number): GemmCall[] {
  const { weights, batch, hidden, gateSums, inSums, shape } = open.plan;
  const ofBatch = (view: TensorView): Matrix => batchOf(open, view, expert);
  const inwards = (weight: TensorView): Product => forwards(ofBatch(batch), matrixAt(weight, expert));
  if (shape.activation === 'relu') return [{ ...inwards(weights.in), target: ofBatch(hidden), epilogue: { kind: 'relu', bias: null } }];
  assert(weights.gate !== null && gateSums !== null && inSums !== null, `a Switch layer with ${shape.activation} and no gate`);
  const gate = shape.activation === 'geglu' ? 'gelu' : 'silu';
  return [
    { ...inwards(weights.gate), target: ofBatch(gateSums), epilogue: STORE },
    {
      ...inwards(weights.in),
      target: ofBatch(hidden),
      epilogue: { kind: 'gated', gate, gateSums: ofBatch(gateSums), sums: ofBatch(inSums) },
    },
  ];
}
