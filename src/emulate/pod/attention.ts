import {
  attentionBackwardPhases,
  attentionPhases,
  forwards,
  type GemmCall,
  type Matrix,
  matrixOf,
  type Phase,
  STORE,
  together,
  towardsInput,
} from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { attentionUnit } from './parameters.ts';
import type { AttentionSubLayer, CorePlan } from './plan.ts';
import { dropGradient, norm, normBackward, outputGradient, product, residual } from './rows.ts';
import { gatherStream, sumStream, wholeOf } from './stream-parts.ts';
import { clearGradients, gatherWeights, gradientCall, heldOf, scatterGradients } from './weights.ts';

/** Attention of a layer whose heads the tensor axis cuts (Shoeybi et al. 2019, arXiv 1909.08053, section 3): norm | q, k, v | attention | output | sum | residual. */
export function attentionForward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf, normedOf, open } = place(pod, layer);
  return [
    ...gatherWeights(pod, unit),
    norm(pod, unit, at, normOf),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) => {
      const { matrix, plan } = open(core);
      const normed = wholeOf(core, normedOf(core));
      const project = (name: Projection, target: Matrix): Phase =>
        product(pod, core, name, 'rows', [{ ...forwards(matrixOf(normed), matrix(name)), target, epilogue: STORE }]);
      return together(project('query', heads(plan.q)), project('key', heads(plan.k)), project('value', heads(plan.v)));
    }),
    everywhere(pod, (core) => together(...attentionPhases(open(core).plan, pod.table))),
    everywhere(pod, (core) => {
      const { matrix, plan } = open(core);
      const call = { ...forwards(heads(plan.context), matrix('output')), target: matrixOf(core.scratch.partial), epilogue: STORE };
      return product(pod, core, 'attention output', 'rows', [call]);
    }),
    ...sumStream(pod, ({ scratch }) => scratch.partial),
    residual(pod, at),
  ];
}

/** dContext, dOutput | attention backward | dNormed, dQuery, dKey, dValue | sum | dx, dGain */
export function attentionBackward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf, normedOf, open } = place(pod, layer);
  const dPart = (core: CorePlan): TensorView => outputGradient(core, at);
  const dy = (core: CorePlan): Matrix => matrixOf(wholeOf(core, dPart(core)));
  return [
    ...gatherWeights(pod, unit),
    ...clearGradients(pod, unit),
    ...dropGradient(pod, at),
    ...gatherStream(pod, dPart),
    everywhere(pod, (core) => {
      const { plan, backward, matrix, gradient } = open(core);
      const dContext: GemmCall = { ...towardsInput(dy(core), matrix('output')), target: heads(backward.dContext), epilogue: STORE };
      return together(
        product(pod, core, 'dContext', 'rows', [dContext]),
        product(pod, core, 'dOutput', 'weights', [gradient('output', heads(plan.context), dy(core))]),
      );
    }),
    everywhere(pod, (core) => together(...attentionBackwardPhases(open(core).plan, pod.table, 'replaced'))),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) => {
      const { backward, matrix, gradient } = open(core);
      const { dq, dk, dv } = backward;
      const normed = matrixOf(wholeOf(core, normedOf(core)));
      const target = matrixOf(core.scratch.dNormed);
      const inputs: GemmCall[] = [
        { ...towardsInput(heads(dq), matrix('query')), target, epilogue: STORE },
        { ...towardsInput(heads(dk), matrix('key')), target, epilogue: { kind: 'add' } },
        { ...towardsInput(heads(dv), matrix('value')), target, epilogue: { kind: 'add' } },
      ];
      return together(
        product(pod, core, 'dNormed', 'rows', inputs),
        product(pod, core, 'dQuery', 'weights', [gradient('query', normed, heads(dq))]),
        product(pod, core, 'dKey', 'weights', [gradient('key', normed, heads(dk))]),
        product(pod, core, 'dValue', 'weights', [gradient('value', normed, heads(dv))]),
      );
    }),
    ...sumStream(pod, ({ scratch }) => scratch.dNormed),
    normBackward(pod, unit, at, normOf),
    ...scatterGradients(pod, unit),
  ];
}

type Projection = 'query' | 'key' | 'value' | 'output';

function place(pod: Pod, layer: number) {
  const unit = attentionUnit(layer);
  const at = 2 * layer;
  const normOf = (core: CorePlan): AttentionSubLayer => core.sublayers[at] as AttentionSubLayer;
  const normedOf = (core: CorePlan): TensorView => normOf(core).normed;
  const open = (core: CorePlan) => {
    const { attention: plan } = normOf(core);
    if (plan.backward === null) throw new Error('a pod that learns has a backward pass');
    const matrix = (name: Projection): Matrix => matrixOf(heldOf(pod, core, unit, name).working);
    const gradient = (name: Projection, x: Matrix, d: Matrix): GemmCall => gradientCall(pod, heldOf(pod, core, unit, name), x, d);
    return { plan, backward: plan.backward, matrix, gradient };
  };
  return { unit, at, normOf, normedOf, open };
}

/** A tensor [B, N, H, D] with its heads side by side: [B N, H D]. */
function heads(view: TensorView): Matrix {
  const [batch, rows, count, headDim] = view.shape;
  return matrixOf({ ...view, shape: [batch * rows, count * headDim] });
}
