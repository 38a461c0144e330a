import { openPod, outcome, type SmallPod, valuesOf, wholeOf } from './support.ts';

const ALONE = '{ici: {data: 1}, expertsOver: none}';
const DISTANCE = 2 ** -9;

/** Gradients of the first step of one core. */
export function gradientsOf(small: SmallPod): ReadonlyMap<string, Float64Array> {
  const pod = openPod(ALONE, { ...small, cores: 1 });
  pod.upTo(1);
  return wholeOf(pod, 'gradientShard');
}

/** The slope of the losses along the gradient of a parameter, by differences, and what it is by that gradient. */
export function slopeAlong(
  small: SmallPod,
  parameter: string,
  gradient: Float64Array,
): { readonly slope: number; readonly expected: number } {
  const largest = gradient.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const lossAt = (distance: number): number => lossWith(small, parameter, (i) => (distance * gradient[i]) / largest);
  return {
    slope: (lossAt(DISTANCE) - lossAt(-DISTANCE)) / (2 * DISTANCE),
    expected: gradient.reduce((sum, one) => sum + one * one, 0) / largest,
  };
}

/** All losses of the first step with a parameter moved. */
function lossWith(small: SmallPod, parameter: string, move: (i: number) => number): number {
  const pod = openPod(ALONE, { ...small, cores: 1 });
  pod.upTo(0);
  const index = pod.plan.parameters.findIndex(({ unit, name }) => `${unit} ${name}` === parameter);
  const held = pod.plan.microbatches[0][0].held[index];
  if (held === null) throw new Error(`no ${parameter}`);
  const weights = valuesOf(pod.memory, held.stored);
  for (const i of weights.keys()) weights[i] += move(i);
  pod.upTo(1);
  const { crossEntropy, auxiliaryLoss, zLoss } = outcome(pod);
  return crossEntropy + auxiliaryLoss + zLoss;
}
