import { assert } from '../../base/index.ts';
import type { Phase } from '../../kernels/index.ts';
import { gradientGroupsOf, weightGroupOf } from '../../layout/index.ts';
import { byteLength, elementCount, type TensorView } from '../../model/index.ts';
import { allGather, allReduce, reduceScatter } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { ParameterName } from './parameters.ts';
import type { CorePlan, HeldParameter } from './plan.ts';

/** What a core has of a parameter of a unit. */
export function heldOf({ plan }: Pod, core: CorePlan, unit: number, name: ParameterName): HeldParameter {
  const index = plan.parameters.findIndex((parameter) => parameter.unit === unit && parameter.name === name);
  assert(index >= 0, `unit ${unit} has no ${name}`);
  return core.held[index];
}

/** Numbers of the parameters of a unit, or of those that are named. */
function parametersOfUnit({ plan }: Pod, unit: number, names: readonly ParameterName[] | null): number[] {
  return plan.parameters.flatMap((parameter, index) =>
    parameter.unit === unit && (names === null || names.includes(parameter.name)) ? [index] : [],
  );
}

/** Brings sharded weights of a unit to every core that multiplies with them. */
export function gatherWeights(pod: Pod, unit: number, names: readonly ParameterName[] | null = null): Phase[] {
  const { plan } = pod;
  return parametersOfUnit(pod, unit, names).flatMap((index) => {
    if (plan.cores[0].held[index].shards === 1) return [];
    const fellows = pod.fellows(weightGroupOf(plan.parameters[index].matrix, plan.request.layout));
    return allGather(
      pod,
      fellows,
      ({ held }) => held[index].sent,
      ({ held }) => flat(held[index].working),
    );
  });
}

/** Whole gradients that units take turns in begin with 0. */
export function clearGradients(pod: Pod, unit: number): Phase[] {
  const sharded = parametersOfUnit(pod, unit, null).filter((index) => pod.plan.cores[0].held[index].shards > 1);
  if (sharded.length === 0) return [];
  return [
    onEachCore(pod, `clearing of gradients of unit ${unit}`, ({ held }) => {
      for (const index of sharded) clear(pod, held[index].gradient);
    }),
  ];
}

/** Every core gets the sum of the gradients of what it stores, over the cores that it shares the weights with. */
export function scatterGradients(pod: Pod, unit: number): Phase[] {
  const { plan } = pod;
  return parametersOfUnit(pod, unit, null).flatMap((index) => {
    if (plan.cores[0].held[index].shards === 1) return [];
    const fellows = pod.fellows(gradientGroupsOf(plan.parameters[index].matrix, plan.request.layout).sharded);
    return reduceScatter(
      pod,
      fellows,
      ({ held }) => flat(held[index].gradient),
      ({ held }) => held[index].gradientShard,
    );
  });
}

/** Cores that store the same add up their gradients. */
export function sumGradients(pod: Pod): Phase[] {
  const { parameters, request } = pod.plan;
  return parameters.flatMap(({ matrix }, index) => {
    const fellows = pod.fellows(gradientGroupsOf(matrix, request.layout).replicas);
    return allReduce(pod, fellows, ({ held }) => held[index].gradientShard);
  });
}

export function flat(view: TensorView): TensorView {
  return { ...view, shape: [elementCount(view.shape)] };
}

export function clear({ buffer }: Pod, view: TensorView): void {
  new Uint8Array(buffer, view.offset, byteLength(view)).fill(0);
}
