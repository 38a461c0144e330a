import { type Matrix, matrixAt, matrixOf } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { FeedForward, FeedForwardMatrices } from './feed-forward.ts';
import type { Pod } from './open-pod.ts';
import { isGated } from './parameters.ts';
import type { CorePlan, DenseSubLayer, HiddenGradients, SwitchSubLayer } from './plan.ts';
import { heldOf } from './weights.ts';

/** The network of a dense layer on a core, or of one of its experts. */
export function networkAt(
  pod: Pod,
  core: CorePlan,
  unit: number,
  input: Matrix,
  { hidden, gateSums, inSums }: Pick<DenseSubLayer | SwitchSubLayer, 'hidden' | 'gateSums' | 'inSums'>,
  { dSums, dGateSums }: HiddenGradients,
  expert: number | null,
): FeedForward {
  const { model } = pod.plan.request;
  const part = (view: TensorView): Matrix => (expert === null ? matrixOf(view) : matrixAt(view, expert));
  const matrices = (what: 'working' | 'gradient'): FeedForwardMatrices => ({
    gate: isGated(model) ? part(heldOf(pod, core, unit, 'gate')[what]) : null,
    in: part(heldOf(pod, core, unit, 'in')[what]),
    out: part(heldOf(pod, core, unit, 'out')[what]),
  });
  return {
    input,
    hidden: part(hidden),
    weights: matrices('working'),
    gradients: matrices('gradient'),
    gated:
      gateSums === null || inSums === null || dGateSums === null
        ? null
        : { activation: model.activation === 'gelu' ? 'gelu' : 'silu', gate: part(gateSums), in: part(inSums), dGate: part(dGateSums) },
    dSums: part(dSums),
  };
}
