import {
  forwards,
  type GemmCall,
  type Matrix,
  matrixOf,
  type Phase,
  STORE,
  together,
  towardsInput,
  towardsWeights,
} from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import { allReduce } from './exchange.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { feedForwardUnit } from './parameters.ts';
import type { CorePlan, DenseSubLayer } from './plan.ts';
import { norm, normBackward, product, residual, streamGradient } from './rows.ts';
import { clearGradients, gatherWeights, heldOf, scatterGradients } from './weights.ts';

/** A dense feed-forward layer whose columns the tensor axis cuts: norm | hidden | out | sum | residual. */
export function denseForward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf } = place(layer);
  return [
    ...gatherWeights(pod, unit),
    norm(pod, unit, at, normOf),
    everywhere(pod, (core) => {
      const { normed, hidden } = normOf(core);
      const call: GemmCall = { ...forwards(matrixOf(normed), weight(pod, core, unit, 'in')), target: matrixOf(hidden), epilogue: RELU };
      return product(pod, core, 'hidden', 'rows', [call]);
    }),
    everywhere(pod, (core) => {
      const { hidden } = normOf(core);
      const target = matrixOf(core.scratch.partial);
      return product(pod, core, 'out', 'rows', [{ ...forwards(matrixOf(hidden), weight(pod, core, unit, 'out')), target, epilogue: STORE }]);
    }),
    ...allReduce(pod, pod.tensor, ({ scratch }) => scratch.partial),
    residual(pod, at),
  ];
}

/** dHidden, dOut | dNormed, dIn | sum | dx, dGain */
export function denseBackward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf } = place(layer);
  return [
    ...gatherWeights(pod, unit),
    ...clearGradients(pod, unit),
    everywhere(pod, (core) => {
      const hidden = matrixOf(normOf(core).hidden);
      const dy = matrixOf(streamGradient(core, at + 1));
      const target = matrixOf(dHiddenOf(core));
      const dHidden: GemmCall = { ...towardsInput(dy, weight(pod, core, unit, 'out')), target, epilogue: { kind: 'mask', mask: hidden } };
      const dOut = towardsWeights(hidden, dy, matrixOf(heldOf(pod, core, unit, 'out').gradient));
      return together(product(pod, core, 'dHidden', 'rows', [dHidden]), product(pod, core, 'dOut', 'weights', [dOut]));
    }),
    everywhere(pod, (core) => {
      const dHidden = matrixOf(dHiddenOf(core));
      const target = matrixOf(core.scratch.dNormed);
      const dNormed: GemmCall = { ...towardsInput(dHidden, weight(pod, core, unit, 'in')), target, epilogue: STORE };
      const dIn = towardsWeights(matrixOf(normOf(core).normed), dHidden, matrixOf(heldOf(pod, core, unit, 'in').gradient));
      return together(product(pod, core, 'dNormed', 'rows', [dNormed]), product(pod, core, 'dIn', 'weights', [dIn]));
    }),
    ...allReduce(pod, pod.tensor, ({ scratch }) => scratch.dNormed),
    normBackward(pod, unit, at, normOf),
    ...scatterGradients(pod, unit),
  ];
}

const RELU = { kind: 'relu', bias: null } as const;

function place(layer: number) {
  const at = 2 * layer + 1;
  return { unit: feedForwardUnit(layer), at, normOf: (core: CorePlan): DenseSubLayer => core.sublayers[at] as DenseSubLayer };
}

function weight(pod: Pod, core: CorePlan, unit: number, name: 'in' | 'out'): Matrix {
  return matrixOf(heldOf(pod, core, unit, name).working);
}

function dHiddenOf({ scratch }: CorePlan): TensorView {
  if (scratch.dHidden === null) throw new Error('a pod without dense layers');
  return scratch.dHidden;
}
