import { type KernelTable, type Phase, together } from '../../kernels/index.ts';
import { along, type MeshGroup, shardsOf } from '../../layout/index.ts';
import { type Fellows, fellowsAlong } from './cores.ts';
import type { CorePlan, PodPlan } from './plan.ts';
import { type CountBytes, openTraffic } from './traffic.ts';

/** A pod as one thread has it. */
export interface Pod {
  readonly plan: PodPlan;
  readonly table: KernelTable;
  readonly buffer: ArrayBufferLike;
  readonly count: CountBytes;
  readonly fellows: (group: MeshGroup) => Fellows;
  /** The tensor axis. */
  readonly tensor: Fellows;
  /** Those whose tokens share experts; null where every core has all of them. */
  readonly experts: Fellows | null;
}

export function openPod(plan: PodPlan, table: KernelTable): Pod {
  const { layout, mesh } = plan.request;
  const { buffer } = table.memory;
  const known = new Map<string, Fellows>();
  const fellows = (group: MeshGroup): Fellows => {
    const key = JSON.stringify(group);
    const found = known.get(key) ?? fellowsAlong(mesh, group);
    known.set(key, found);
    return found;
  };
  const { expertGroup, experts } = shardsOf(layout);
  return {
    plan,
    table,
    buffer,
    count: openTraffic(plan, buffer),
    fellows,
    tensor: fellows(along('tensor')),
    experts: expertGroup === null || experts === 1 ? null : fellows(expertGroup),
  };
}

/** The same phase of every core at once. */
export function everywhere({ plan }: Pod, phaseOf: (core: CorePlan) => Phase): Phase {
  return together(...plan.cores.map(phaseOf));
}

/** One item for every core. */
export function onEachCore({ plan }: Pod, name: string, run: (core: CorePlan, lane: number) => void): Phase {
  return {
    items: plan.cores.length,
    run: (item, lane) => run(plan.cores[item], lane),
    name: (item) => `${name} on core ${item}`,
  };
}
