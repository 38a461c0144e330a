import { assert } from '../../base/index.ts';
import type { Phase } from '../../kernels/index.ts';
import { along, axisSize, gradientGroupsOf, weightGroupOf } from '../../layout/index.ts';
import { byteLength, elementCount, type TensorView } from '../../model/index.ts';
import type { Fellows } from './cores.ts';
import { allGather, allReduce, reduceScatter } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import { EMBEDDING, type ParameterName } from './parameters.ts';
import type { CorePlan, HeldParameter } from './plan.ts';

/** What a core has of a parameter of a unit. */
export function heldOf({ plan }: Pod, core: CorePlan, unit: number, name: ParameterName): HeldParameter {
  const index = plan.parameters.findIndex((parameter) => parameter.unit === unit && parameter.name === name);
  assert(index >= 0, `unit ${unit} has no ${name}`);
  return heldAt(core, index);
}

/** The same by its number. */
export function heldAt({ core, held }: CorePlan, index: number): HeldParameter {
  const found = held[index];
  assert(found !== null, `core ${core} has parameter ${index}`);
  return found;
}

/** Numbers of the sharded parameters of a unit, or of those that are named, that the stage has. */
function shardedOfUnit({ plan, active }: Pod, unit: number, names: readonly ParameterName[] | null): number[] {
  return plan.parameters.flatMap((parameter, index) => {
    const isWanted = parameter.unit === unit && (names === null || names.includes(parameter.name));
    return isWanted && (active[0].held[index]?.shards ?? 1) > 1 ? [index] : [];
  });
}

/** Brings sharded weights of a unit to every core that multiplies with them. */
export function gatherWeights(pod: Pod, unit: number, names: readonly ParameterName[] | null = null): Phase[] {
  const { plan } = pod;
  return shardedOfUnit(pod, unit, names).flatMap((index) => {
    const fellows = pod.fellows(weightGroupOf(plan.parameters[index].matrix, plan.request.layout));
    return allGather(
      pod,
      fellows,
      (core) => heldAt(core, index).sent,
      (core) => flat(heldAt(core, index).working),
    );
  });
}

/** Whole gradients that units take turns in begin with 0. */
export function clearGradients(pod: Pod, unit: number): Phase[] {
  const sharded = shardedOfUnit(pod, unit, null);
  if (sharded.length === 0) return [];
  return [
    onEachCore(pod, `clearing of gradients of unit ${unit}`, (core) => {
      for (const index of sharded) clear(pod, heldAt(core, index).gradient);
    }),
  ];
}

/** Every core gets the sum of the gradients of what it stores, over the cores that it shares the weights with. */
export function scatterGradients(pod: Pod, unit: number): Phase[] {
  const { plan } = pod;
  return shardedOfUnit(pod, unit, null).flatMap((index) => {
    const fellows = pod.fellows(gradientGroupsOf(plan.parameters[index].matrix, plan.request.layout).sharded);
    return reduceScatter(
      pod,
      fellows,
      (core) => flat(heldAt(core, index).gradient),
      (core) => heldAt(core, index).gradientShard,
    );
  });
}

/** Cores that store the same add up their gradients. */
export function sumGradients(pod: Pod): Phase[] {
  const { parameters, request } = pod.plan;
  return parameters.flatMap(({ matrix }, index) => {
    const fellows = pod.fellows(gradientGroupsOf(matrix, request.layout).replicas);
    const holders = { ...pod, active: pod.active.filter(({ held }) => held[index] !== null) };
    return allReduce(holders, fellows, (core) => heldAt(core, index).gradientShard);
  });
}

/** Both ends of a pipeline add up the gradients of a table that they share. */
export function sumOverEnds(pod: Pod): Phase[] {
  const { parameters } = pod.plan;
  const last = axisSize(pod.plan.request.layout, 'pipeline') - 1;
  return parameters.flatMap(({ name, unit }, index) => {
    if (name !== 'table' || unit !== EMBEDDING || !pod.plan.request.model.tiedEmbeddings || last === 0) return [];
    const stages = pod.fellows(along('pipeline'));
    const ends: Fellows = {
      ...stages,
      size: 2,
      membersOf: stages.membersOf.map((members) => [members[0], members[last]]),
      indexOf: stages.indexOf.map((stage) => (stage === 0 ? 0 : 1)),
    };
    const holders = { ...pod, active: pod.active.filter(({ stage }) => stage === 0 || stage === last) };
    return allReduce(holders, ends, (core) => heldAt(core, index).gradientShard);
  });
}

export function flat(view: TensorView): TensorView {
  return { ...view, shape: [elementCount(view.shape)] };
}

export function clear({ buffer }: Pod, view: TensorView): void {
  new Uint8Array(buffer, view.offset, byteLength(view)).fill(0);
}
