import { assert } from '../../base/index.ts';
import { along, gradientGroupsOf, groupName, groupSize, type MeshGroup, shardsOf, weightGroupOf } from '../../layout/index.ts';
import type { ArenaPlan } from '../../model/index.ts';
import { GAINS_OVER_TENSOR, streamParts } from './cores.ts';
import { parametersOf } from './parameters.ts';
import type { ExchangeKind, PodPlan, TrafficPlan } from './plan.ts';
import type { PodRequest } from './request.ts';

const KINDS: readonly ExchangeKind[] = ['all-gather', 'reduce-scatter', 'all-reduce', 'all-to-all', 'permute'];

/** Room to count what is moved along every group of axes that a step may exchange over. */
export function planTraffic(arena: ArenaPlan, request: PodRequest): TrafficPlan[] {
  const { layout, mesh, model } = request;
  const ofWeights = parametersOf(model).flatMap(({ matrix }) => [weightGroupOf(matrix, layout), gradientGroupsOf(matrix, layout).replicas]);
  const { expertGroup } = shardsOf(layout);
  const groups: MeshGroup[] = [...ofWeights, along('tensor'), along('pipeline'), ...(expertGroup === null ? [] : [expertGroup])];
  const names = new Set(groups.filter((group) => groupSize(layout, group) > 1).map(groupName));
  if (streamParts(layout) > 1) names.add(GAINS_OVER_TENSOR);
  return [...names].flatMap((axis) =>
    KINDS.map((kind) => ({ kind, axis, offset: arena.allocate([2 * mesh.devices * mesh.devices], 'f32').offset })),
  );
}

/** Counts what a core got from another one. Each core counts for itself, so that no two threads meet. */
export type CountBytes = (kind: ExchangeKind, axis: string, to: number, from: number, bytes: number) => void;

export function openTraffic({ traffic, request }: PodPlan, buffer: ArrayBufferLike): CountBytes {
  const cores = request.mesh.devices;
  const counts = new Map(traffic.map(({ kind, axis, offset }) => [`${kind} ${axis}`, new Float64Array(buffer, offset, cores * cores)]));
  return (kind, axis, to, from, bytes) => {
    const count = counts.get(`${kind} ${axis}`);
    assert(count !== undefined, `nothing counts an ${kind} over ${axis}`);
    count[to * cores + from] += bytes;
  };
}
