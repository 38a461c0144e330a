import { matrixOf, type Phase, together } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import { dHiddenCall, dInputCalls, dInWeights, dOutWeights, type FeedForward, hiddenCalls, outCall } from './feed-forward.ts';
import { networkAt } from './network.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { feedForwardUnit } from './parameters.ts';
import type { CorePlan, DenseSubLayer } from './plan.ts';
import { dropGradient, norm, normBackward, outputGradient, product, residual } from './rows.ts';
import { gatherStream, sumStream, wholeOf } from './stream-parts.ts';
import { clearGradients, gatherWeights, scatterGradients } from './weights.ts';

/** A dense feed-forward layer whose columns the tensor axis cuts: norm | hidden | out | sum | residual. */
export function denseForward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf, normedOf, networkOf } = placeOf(pod, layer);
  return [
    ...gatherWeights(pod, unit),
    norm(pod, unit, at, normOf),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) => product(pod, core, 'hidden', 'rows', hiddenCalls(networkOf(core)))),
    everywhere(pod, (core) => product(pod, core, 'out', 'rows', [outCall(networkOf(core), matrixOf(core.scratch.partial))])),
    ...sumStream(pod, ({ scratch }) => scratch.partial),
    residual(pod, at),
  ];
}

/** dHidden, dOut | dNormed, dIn | sum | dx, dGain */
export function denseBackward(pod: Pod, layer: number): Phase[] {
  const { unit, at, normOf, normedOf, networkOf } = placeOf(pod, layer);
  const dPart = (core: CorePlan): TensorView => outputGradient(core, at);
  return [
    ...gatherWeights(pod, unit),
    ...clearGradients(pod, unit),
    ...dropGradient(pod, at),
    ...gatherStream(pod, dPart),
    everywhere(pod, (core) => {
      const dOutput = matrixOf(wholeOf(core, dPart(core)));
      return together(
        product(pod, core, 'dHidden', 'rows', [dHiddenCall(networkOf(core), dOutput)]),
        product(pod, core, 'dOut', 'weights', [dOutWeights(networkOf(core), dOutput)]),
      );
    }),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) =>
      together(
        product(pod, core, 'dNormed', 'rows', dInputCalls(networkOf(core), matrixOf(core.scratch.dNormed))),
        product(pod, core, 'dIn', 'weights', dInWeights(networkOf(core))),
      ),
    ),
    ...sumStream(pod, ({ scratch }) => scratch.dNormed),
    normBackward(pod, unit, at, normOf),
    ...scatterGradients(pod, unit),
  ];
}

function placeOf(pod: Pod, layer: number) {
  const at = 2 * layer + 1;
  const unit = feedForwardUnit(layer);
  const normOf = (core: CorePlan): DenseSubLayer => core.sublayers[at] as DenseSubLayer;
  const normedOf = (core: CorePlan): TensorView => normOf(core).normed;
  const networkOf = (core: CorePlan): FeedForward => {
    const sublayer = normOf(core);
    const { ofDense } = core.scratch;
    if (ofDense === null) throw new Error('a pod without dense layers');
    return networkAt(pod, core, unit, matrixOf(wholeOf(core, sublayer.normed)), sublayer, ofDense, null);
  };
  return { unit, at, normOf, normedOf, networkOf };
}
