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

/** A phase of which every item is the work of one core. */
export interface CorePhase extends Phase {
  readonly coreOf: (item: number) => number;
}

/** One item for every core that works. */
export function onEachCore({ active }: Pod, name: string, run: (core: CorePlan, lane: number) => void): CorePhase {
  return {
    items: active.length,
    run: (item, lane) => run(active[item], lane),
    name: (item) => `${name} on core ${active[item].core}`,
    coreOf: (item) => active[item].core,
  };
}

/**
 * Phases that do not depend on each other as one: threads meet once, not once for each of them. An item is all that a core does in them, one after the other, because a core counts
 * the bytes that it gets, and two threads that count for the same core would lose some.
 */
export function coreByCore(phases: readonly CorePhase[]): CorePhase[] {
  const works = new Map<number, { readonly core: number; readonly parts: { readonly phase: CorePhase; readonly item: number }[] }>();
  for (const phase of phases)
    for (let item = 0; item < phase.items; item++) {
      const core = phase.coreOf(item);
      const work = works.get(core) ?? { core, parts: [] };
      work.parts.push({ phase, item });
      works.set(core, work);
    }
  const items = [...works.values()];
  if (items.length === 0) return [];
  return [
    {
      items: items.length,
      run: (at, lane) => {
        for (const { phase, item } of items[at].parts) phase.run(item, lane);
      },
      name: (at) => {
        const [first, ...others] = items[at].parts;
        const name = first.phase.name(first.item);
        return others.length === 0 ? name : `${name}, and ${others.length} more`;
      },
      coreOf: (at) => items[at].core,
    },
  ];
}
