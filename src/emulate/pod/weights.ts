import { type GemmCall, type Matrix, matrixOf, type Phase, towardsWeights } from '../../kernels/index.ts';
import { along, axisSize, gradientGroupsOf, type MeshGroup, weightGroupOf } from '../../layout/index.ts';
import { elementCount, type TensorView } from '../../model/index.ts';
import type { Fellows } from './cores.ts';
import { fillWithZeros } from './elements.ts';
import { allGather, allReduce, reduceScatter } from './exchange.ts';
import { coreByCore, onEachCore, type Pod } from './open-pod.ts';
import { EMBEDDING, type Parameter, type ParameterName, trafficName } from './parameters.ts';
import type { CorePlan, HeldParameter } from './plan.ts';

/** What a core has of a parameter of a unit. */
export function heldOf({ plan }: Pod, core: CorePlan, unit: number, name: ParameterName): HeldParameter {
  return heldAt(core, numbersOf(plan.parameters, unit).get(name) ?? noParameter(unit, name));
}

/** [units]: numbers of their parameters by name. A step asks for them for every item. */
const numbers = new WeakMap<readonly Parameter[], Map<ParameterName, number>[]>();

function numbersOf(parameters: readonly Parameter[], unit: number): Map<ParameterName, number> {
  let known = numbers.get(parameters);
  if (known === undefined) {
    known = [];
    for (const [index, parameter] of parameters.entries()) {
      known[parameter.unit] ??= new Map();
      known[parameter.unit].set(parameter.name, index);
    }
    numbers.set(parameters, known);
  }
  return known[unit];
}

function noParameter(unit: number, name: ParameterName): never {
  throw new Error(`unit ${unit} has no ${name}`);
}

/** The same by its number. */
export function heldAt({ core, held }: CorePlan, index: number): HeldParameter {
  const found = held[index];
  if (found === null) throw new Error(`core ${core} lacks parameter ${index}`);
  return found;
}

function fellowsOf(pod: Pod, index: number, group: MeshGroup): Fellows {
  const fellows = pod.fellows(group);
  return { ...fellows, name: trafficName(fellows.name, pod.plan.parameters[index]) };
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
  const gathers = shardedOfUnit(pod, unit, names).flatMap((index) => {
    const fellows = fellowsOf(pod, index, weightGroupOf(plan.parameters[index].matrix, plan.request.layout));
    return allGather(
      pod,
      fellows,
      (core) => heldAt(core, index).sent,
      (core) => flat(heldAt(core, index).working),
    );
  });
  return coreByCore(gathers);
}

/**
 * The product that makes the gradient of a parameter: added to what microbatches before it made where that is still there, and in the place of whatever there is where not,
 * which has the bits of a sum that begins with 0.
 */
export function gradientCall(pod: Pod, held: HeldParameter, x: Matrix, dy: Matrix): GemmCall {
  return { ...towardsWeights(x, dy, matrixOf(held.gradient)), accumulate: !isMadeAnew(pod, held) };
}

/** Whether nothing has been added to a gradient yet when its product is made. */
export function isMadeAnew({ isFirst }: Pod, { shards }: Pick<HeldParameter, 'shards'>): boolean {
  return isFirst || shards > 1;
}

/** Gradients that are not made by one product for each microbatch, but added to, begin with 0. */
export function beginsWithZero({ name, matrix }: Parameter): boolean {
  return matrix.expert || !MADE_BY_ONE_PRODUCT.has(name);
}

const MADE_BY_ONE_PRODUCT: ReadonlySet<ParameterName> = new Set(['query', 'key', 'value', 'output', 'gate', 'in', 'out']);

/** Whole gradients that units take turns in and add to. */
export function clearGradients(pod: Pod, unit: number): Phase[] {
  const sharded = shardedOfUnit(pod, unit, null).filter((index) => beginsWithZero(pod.plan.parameters[index]));
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
  const scatters = shardedOfUnit(pod, unit, null).flatMap((index) => {
    const fellows = fellowsOf(pod, index, gradientGroupsOf(plan.parameters[index].matrix, plan.request.layout).sharded);
    return reduceScatter(
      pod,
      fellows,
      (core) => flat(heldAt(core, index).gradient),
      (core) => heldAt(core, index).gradientShard,
    );
  });
  return coreByCore(scatters);
}

/** Cores that store the same add up their gradients. */
export function sumGradients(pod: Pod): Phase[] {
  const { parameters, request } = pod.plan;
  const ofParameters = parameters.map(({ matrix }, index) => {
    const fellows = fellowsOf(pod, index, gradientGroupsOf(matrix, request.layout).replicas);
    const holders = { ...pod, active: pod.active.filter(({ held }) => held[index] !== null) };
    return allReduce(holders, fellows, (core) => heldAt(core, index).gradientShard);
  });
  return [0, 1].flatMap((half) => coreByCore(ofParameters.flatMap((phases) => phases.slice(half, half + 1))));
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

export function clear({ elements }: Pod, view: TensorView): void {
  fillWithZeros(elements, view);
}
