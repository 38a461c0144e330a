import { type Matrix, matrixAt, matrixOf } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { FeedForward, FeedForwardMatrices } from './feed-forward.ts';
import type { Pod } from './open-pod.ts';
import { isGated } from './parameters.ts';
import type { CorePlan, DenseSubLayer, HiddenGradients, SwitchSubLayer } from './plan.ts';
import { heldOf, isMadeAnew } from './weights.ts';

/** One of the experts of a core, and where its rows lie in a tensor of those of all. */
export interface ExpertPlace {
  readonly index: number;
  readonly rowsOf: (view: TensorView) => Matrix;
}

/** The network of a dense layer on a core, or of one of its experts. */
export function networkAt(
  pod: Pod,
  core: CorePlan,
  unit: number,
  input: Matrix,
  { hidden, gateSums, inSums }: Pick<DenseSubLayer | SwitchSubLayer, 'hidden' | 'gateSums' | 'inSums'>,
  { dSums, dGateSums }: HiddenGradients,
  expert: ExpertPlace | null,
): FeedForward {
  const { model } = pod.plan.request;
  const part = (view: TensorView): Matrix => (expert === null ? matrixOf(view) : expert.rowsOf(view));
  const weight = (view: TensorView): Matrix => (expert === null ? matrixOf(view) : matrixAt(view, expert.index));
  const matrices = (what: 'working' | 'gradient'): FeedForwardMatrices => ({
    gate: isGated(model) ? weight(heldOf(pod, core, unit, 'gate')[what]) : null,
    in: weight(heldOf(pod, core, unit, 'in')[what]),
    out: weight(heldOf(pod, core, unit, 'out')[what]),
  });
  return {
    input,
    hidden: part(hidden),
    weights: matrices('working'),
    gradients: matrices('gradient'),
    addsGradients: expert !== null || !isMadeAnew(pod, heldOf(pod, core, unit, 'in')),
    gated:
      gateSums === null || inSums === null || dGateSums === null
        ? null
        : { activation: model.activation === 'gelu' ? 'gelu' : 'silu', gate: part(gateSums), in: part(inSums), dGate: part(dGateSums) },
    dSums: part(dSums),
  };
}
