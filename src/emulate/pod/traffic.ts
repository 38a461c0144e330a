import { along, gradientGroupsOf, groupName, groupSize, type MeshGroup, shardsOf, weightGroupOf } from '../../layout/index.ts';
import type { ArenaPlan } from '../../model/index.ts';
import { batchGroup, countsOver, GAINS_OVER_TENSOR, streamParts } from './cores.ts';
import { type Parameter, trafficName } from './parameters.ts';
import type { ExchangeKind, PodPlan, TrafficPlan } from './plan.ts';
import { type PodRequest, readByRouter } from './request.ts';
import { statisticsTraffic } from './statistics.ts';

const KINDS: readonly ExchangeKind[] = ['all-gather', 'reduce-scatter', 'all-reduce', 'all-to-all', 'permute'];

/** Room to count what is moved along every group of axes that a step may exchange over. */
export function planTraffic(arena: ArenaPlan, request: PodRequest, parameters: readonly Parameter[]): TrafficPlan[] {
  const { layout, mesh } = request;
  const isShared = (group: MeshGroup): boolean => groupSize(layout, group) > 1;
  const ofWeights = parameters.flatMap((parameter) => {
    const { matrix } = parameter;
    const groups = [weightGroupOf(matrix, layout), gradientGroupsOf(matrix, layout).replicas];
    return groups.filter(isShared).map((group) => trafficName(groupName(group), parameter));
  });
  const { expertGroup } = shardsOf(layout);
  const groups: MeshGroup[] = [along('tensor'), along('pipeline'), ...(expertGroup === null ? [] : [expertGroup])];
  const names = new Set([...ofWeights, ...groups.filter(isShared).map(groupName)]);
  if (streamParts(layout) > 1) names.add(GAINS_OVER_TENSOR);
  if (readByRouter(request, 'bias') && isShared(batchGroup(layout))) names.add(countsOver(batchGroup(layout)));
  for (const name of statisticsTraffic(request, parameters)) names.add(name);
  return [...names].flatMap((axis) =>
    KINDS.map((kind) => ({ kind, axis, offset: arena.allocate([2 * mesh.devices * mesh.devices], 'f32').offset })),
  );
}

/** Bytes that cores got from one another, f64 [to, from]. Each core counts what it gets, so that no two threads meet. */
export interface TrafficCounts {
  readonly cores: number;
  readonly bytes: Float64Array;
}

export type CountsOf = (kind: ExchangeKind, axis: string) => TrafficCounts;

export function openTraffic({ traffic, request }: PodPlan, buffer: ArrayBufferLike): CountsOf {
  const cores = request.mesh.devices;
  const known = new Map(KINDS.map((kind) => [kind, new Map<string, TrafficCounts>()]));
  for (const { kind, axis, offset } of traffic)
    known.get(kind)?.set(axis, { cores, bytes: new Float64Array(buffer, offset, cores * cores) });
  return (kind, axis) => {
    const found = known.get(kind)?.get(axis);
    if (found === undefined) throw new Error(`nothing counts an ${kind} over ${axis}`);
    return found;
  };
}
