import { type KernelTable, type Phase, together } from '../../kernels/index.ts';
import { along, type MeshGroup, shardsOf } from '../../layout/index.ts';
import { type Fellows, fellowsAlong } from './cores.ts';
import { type Elements, openElements } from './elements.ts';
import type { CorePlan, PodPlan } from './plan.ts';
import type { StepNumber } from './step-number.ts';
import { type CountsOf, openTraffic } from './traffic.ts';

/** A pod as one thread has it. */
export interface Pod {
  readonly plan: PodPlan;
  /** Changes from step to step. */
  readonly number: Readonly<StepNumber>;
  /** All cores at one microbatch, and those of them that work. */
  readonly cores: readonly CorePlan[];
  readonly active: readonly CorePlan[];
  /** Whether it is the first microbatch of the step. */
  readonly isFirst: boolean;
  readonly table: KernelTable;
  readonly buffer: ArrayBufferLike;
  readonly elements: Elements;
  readonly countsOf: CountsOf;
  readonly fellows: (group: MeshGroup) => Fellows;
  /** The tensor axis. */
  readonly tensor: Fellows;
  /** Those whose tokens share experts; null where every core has all of them. */
  readonly experts: Fellows | null;
}

export function openPod(plan: PodPlan, table: KernelTable, number: StepNumber): Pod {
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
    number,
    cores: plan.microbatches[0],
    active: plan.microbatches[0],
    isFirst: true,
    table,
    buffer,
    elements: openElements(buffer),
    countsOf: openTraffic(plan, buffer),
    fellows,
    tensor: fellows(along('tensor')),
    experts: expertGroup === null || experts === 1 ? null : fellows(expertGroup),
  };
}

/** The cores of a stage at a microbatch. */
export function during(pod: Pod, microbatch: number, stage: number): Pod {
  const cores = pod.plan.microbatches[microbatch];
  return { ...pod, cores, active: cores.filter((core) => core.stage === stage), isFirst: microbatch === 0 };
}

/** The same phase of every core that works at once. */
export function everywhere({ active }: Pod, phaseOf: (core: CorePlan) => Phase): Phase {
  return together(...active.map(phaseOf));
}

/** One item for every core that works. */
export function onEachCore({ active }: Pod, name: string, run: (core: CorePlan, lane: number) => void): Phase {
  return {
    items: active.length,
    run: (item, lane) => run(active[item], lane),
    name: (item) => `${name} on core ${active[item].core}`,
  };
}
