import type { Bytes } from '../../base/index.ts';
import { along, axisSize, gradientGroupsOf, groupName, groupSize, type MeshGroup, shardsOf, weightGroupOf } from '../../layout/index.ts';
import { BYTES_PER_ELEMENT, tensorShard, type WeightMatrix } from '../../model/index.ts';
import { batchGroup, countsOver, GAINS_OVER_TENSOR, streamParts } from './cores.ts';
import { isBesideTheModel, type Parameter, stagesOf, trafficName } from './parameters.ts';
import type { ExchangeKind, PodPlan } from './plan.ts';
import { readByRouter } from './request.ts';
import { statisticsOver } from './statistics.ts';

/** Bytes of all cores in one step. */
export interface BesideProgram {
  readonly kind: ExchangeKind;
  readonly axis: string;
  readonly bytes: Bytes;
}

const F32 = BYTES_PER_ELEMENT.f32;

/**
 * What a step of a pod sends that a lowered program does not know of, from the layout alone: sums of Adafactor over matrices that are cut, gradients of gains over the tensor
 * axis, counts for the bias of a router, and weights of routers that the model does not have. An all-reduce of x bytes over n members sends 2 (n - 1) x / n from each, an all-gather
 * or a reduce-scatter half of that.
 */
export function besideProgram(plan: PodPlan): BesideProgram[] {
  const bytes = new Map<string, BesideProgram>();
  const add = (kind: ExchangeKind, axis: string, group: MeshGroup, cores: number, ofEach: Bytes): void => {
    const members = groupSize(plan.request.layout, group);
    if (members === 1 || ofEach === 0) return;
    const shares = kind === 'all-reduce' ? 2 : 1;
    const known = bytes.get(`${kind} ${axis}`)?.bytes ?? 0;
    bytes.set(`${kind} ${axis}`, { kind, axis, bytes: known + (cores * shares * (members - 1) * ofEach) / members });
  };
  for (const parameter of plan.parameters) {
    addStatistics(plan, parameter, add);
    addGains(plan, parameter, add);
    addRouterWeights(plan, parameter, add);
  }
  addCounts(plan, add);
  return [...bytes.values()];
}

type Add = (kind: ExchangeKind, axis: string, group: MeshGroup, cores: number, ofEach: Bytes) => void;

/** Cores that hold a parameter. */
function holders({ request: { mesh, layout, model } }: PodPlan, parameter: Parameter): number {
  return (mesh.devices / axisSize(layout, 'pipeline')) * stagesOf(parameter, model, layout).length;
}

/** Rows and columns of a matrix that is cut, and two sums of squares, over its shards; what the tensor axis cuts over that too. */
function addStatistics(plan: PodPlan, parameter: Parameter, add: Add): void {
  const { layout, optimizer } = plan.request;
  if (optimizer.name === 'adamw' || optimizer.name === 'sgd') return;
  const { matrix } = parameter;
  const { rows, columns } = tensorShard(matrix, axisSize(layout, 'tensor'));
  const copies = matrix.expert ? matrix.copies / shardsOf(layout).experts : 1;
  const isFactored = optimizer.name === 'adafactor' && rows > 1;
  const group = weightGroupOf(matrix, layout);
  const cores = holders(plan, parameter);
  add('all-reduce', statisticsOver(group), group, cores, copies * ((isFactored ? rows + columns : 0) + SQUARES) * F32);
  if (matrix.cut === 'none') return;
  const kept = isFactored ? (matrix.cut === 'rows' ? columns : rows) : 0;
  add('all-reduce', statisticsOver(along('tensor')), along('tensor'), cores, copies * (kept + SQUARES) * F32);
}

/** Of weights, and of the direction of an update. */
const SQUARES = 2;

function addGains(plan: PodPlan, parameter: Parameter, add: Add): void {
  const { layout } = plan.request;
  if (parameter.name !== 'gain' || streamParts(layout) === 1) return;
  const stored = parameter.matrix.columns / groupSize(layout, weightGroupOf(parameter.matrix, layout));
  add('all-reduce', GAINS_OVER_TENSOR, along('tensor'), holders(plan, parameter), stored * F32);
}

/** Gathered for both passes of each microbatch where they are sharded, and their gradients scattered; then summed by those who store the same. */
function addRouterWeights(plan: PodPlan, parameter: Parameter, add: Add): void {
  if (!isBesideTheModel(parameter)) return;
  const { layout, dtype } = plan.request;
  const { matrix } = parameter;
  const all = elementsOf(matrix);
  const group = weightGroupOf(matrix, layout);
  const { replicas } = gradientGroupsOf(matrix, layout);
  const cores = holders(plan, parameter);
  const name = (of: MeshGroup): string => trafficName(groupName(of), parameter);
  add('all-gather', name(group), group, cores, PASSES * layout.microbatches * all * BYTES_PER_ELEMENT[dtype]);
  add('reduce-scatter', name(group), group, cores, layout.microbatches * all * F32);
  add('all-reduce', name(replicas), replicas, cores, (all / groupSize(layout, group)) * F32);
}

const PASSES = 2;

function elementsOf({ rows, columns, copies }: WeightMatrix): number {
  return rows * columns * copies;
}

function addCounts(plan: PodPlan, add: Add): void {
  const { request, layers } = plan;
  if (!readByRouter(request, 'bias')) return;
  const { layout, mesh, model } = request;
  const group = batchGroup(layout);
  const switches = layers.filter((kind) => kind === 'switch').length;
  const cores = mesh.devices / axisSize(layout, 'pipeline');
  add('all-reduce', countsOver(group), group, cores, switches * (model.moe?.experts ?? 0) * F32);
}
