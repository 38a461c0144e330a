import { assert } from '../base/index.ts';
import { axisSize, type LayoutSpec, type RematSpec } from '../layout/index.ts';
import type { WeightMatrix } from '../model/index.ts';
import { createGathers, type Gathers, isBrought, type WeightUse } from './gathers.ts';
import { createReductions, type OwnGroup, type Reductions } from './reductions.ts';
import { type Rematerialised, rematerialise } from './rematerialise.ts';
import { type Chain, type RunPass, runOfUnit, runsOf, type UnitPass } from './step-schedule.ts';
import { createStream, type Emission, type Stream } from './stream.ts';
import type { Step, Unit, WeightGroup } from './unit.ts';
import { type WeightBlock, type WeightTypes, weightBlocks } from './weight-traffic.ts';

/** What is known of all units before the first task: the same for units of one kind. */
export interface Plan {
  readonly layout: LayoutSpec;
  readonly chains: readonly Chain[];
  readonly remadeOf: (unit: Unit) => Rematerialised;
  readonly blocksOf: (matrices: readonly WeightMatrix[]) => readonly WeightBlock[];
}

/** Everything that one stage of a pipeline, or every device where there is none, works through. */
export interface Lane {
  readonly stage: number;
  readonly stream: Stream;
  readonly gathers: Gathers;
  readonly reductions: Reductions;
  readonly passes: readonly RunPass[];
  /** Number of the first use of weights by a pass, and of the others of its groups by name. */
  readonly usesOf: ReadonlyMap<UnitPass, ReadonlyMap<string, number>>;
  /** The group that a step's `gradients` names, and whether the unit's last part of the gradient is the last of all. */
  readonly owned: (unit: Unit, name: string) => Owned;
  readonly groups: readonly OwnGroup[];
  /** Task after which nobody multiplies with a group any more, once it is known. */
  readonly lastUses: Map<OwnGroup, number>;
  /** Tensors on their way to the stage: task by key. */
  readonly arrivals: Map<string, number>;
  /** Passes whose offloaded tensors were asked for. */
  readonly fetched: Set<UnitPass>;
}

export interface Owned {
  readonly group: OwnGroup;
  readonly completes: boolean;
}

export function createPlan(chains: readonly Chain[], layout: LayoutSpec, remat: RematSpec, types: WeightTypes): Plan {
  const remade = new Map<Unit['forward'], Rematerialised>();
  const blocks = new Map<readonly WeightMatrix[], readonly WeightBlock[]>();
  return {
    layout,
    chains,
    remadeOf(unit) {
      const known = remade.get(unit.forward) ?? rematerialise(unit, remat);
      remade.set(unit.forward, known);
      return known;
    },
    blocksOf(matrices) {
      const known = blocks.get(matrices) ?? weightBlocks(matrices, layout, types);
      blocks.set(matrices, known);
      return known;
    },
  };
}

export function createLane(emission: Emission, plan: Plan, passes: readonly RunPass[], stage: number, deviceSet: number): Lane {
  const { layout } = plan;
  const stream = createStream(emission, deviceSet < 0 ? null : stage, deviceSet);
  const { uses, usesOf } = weightUses(plan, passes);
  const { groups, owned } = ownGroups(plan, stage);
  return {
    stage,
    stream,
    gathers: createGathers(emission, stream, layout, uses),
    reductions: createReductions(emission, stream, layout),
    passes,
    usesOf,
    groups,
    owned,
    lastUses: new Map(),
    arrivals: new Map(),
    fetched: new Set(),
  };
}

/** e.g. `decoder 3 attention`. */
function groupTitle(chain: Chain, unit: Unit, name: string): string {
  return chainPrefix(chain) + (unit.name === name ? name : `${unit.name} ${name}`);
}

/** Steps of a pass in order; those that are made again come first. */
export function stepsOf(plan: Plan, { chain, unit, pass }: UnitPass): { readonly again: readonly Step[]; readonly steps: readonly Step[] } {
  const { forward } = chain.units[unit];
  if (pass === 'forward') return { again: [], steps: forward };
  return { again: plan.remadeOf(chain.units[unit]).again, steps: plan.remadeOf(chain.units[unit]).backward };
}

/** Weight groups in the order in which each pass first multiplies with them. */
function weightUses(
  plan: Plan,
  passes: readonly RunPass[],
): { readonly uses: WeightUse[]; readonly usesOf: ReadonlyMap<UnitPass, ReadonlyMap<string, number>> } {
  const uses: WeightUse[] = [];
  const usesOf = new Map<UnitPass, ReadonlyMap<string, number>>();
  for (const pass of passes.flatMap(({ units }) => units)) {
    const unit = pass.chain.units[pass.unit];
    const { again, steps } = stepsOf(plan, pass);
    const names = new Set([...again, ...steps].flatMap((step) => (step.kind === 'compute' ? step.uses : [])));
    const own = new Map<string, number>();
    for (const name of names) {
      const blocks = plan.blocksOf(groupNamed(unit, name).matrices);
      if (!isBrought(blocks, plan.layout)) continue;
      own.set(name, uses.length);
      uses.push({ name: groupTitle(pass.chain, unit, name), stage: pass.pass === 'forward' ? 'fw' : 'agrad', blocks });
    }
    usesOf.set(pass, own);
  }
  return { uses, usesOf };
}

export function chainPrefix({ name }: Chain): string {
  return name === 'teacher' ? 'teacher ' : '';
}

/** A group of the unit, or of the embedding that it is tied to. */
function groupNamed(unit: Unit, name: string): WeightGroup {
  const group = [...unit.weights, ...unit.tied].find((one) => one.name === name);
  assert(group !== undefined, `${unit.name} multiplies with ${name}, which it has`);
  return group;
}

/**
 * Groups that a stage stores and updates. A tied group is the embedding's; on another stage than the embedding's it is a copy of its own, whose gradients
 * are added to the embedding's before both are updated.
 */
function ownGroups(plan: Plan, stage: number): { readonly groups: OwnGroup[]; readonly owned: Lane['owned'] } {
  const { chains, blocksOf, layout } = plan;
  const runs = runsOf(layout);
  const groups: OwnGroup[] = [];
  const byUnit = new Map<Unit, Map<string, Owned>>();
  const add = (chain: Chain, unit: Unit, { name, matrices }: WeightGroup, copyOf: string | null = null): OwnGroup => {
    const group = { name: groupTitle(chain, unit, name), matrices, blocks: blocksOf(matrices), isLearned: chain.learns, copyOf };
    groups.push(group);
    return group;
  };
  for (const chain of chains) {
    const ofEmbedding = new Map<string, OwnGroup>();
    for (const [index, unit] of chain.units.entries()) {
      if (runOfUnit(index, chain.units, runs) % axisSize(layout, 'pipeline') !== stage) continue;
      const own = new Map(unit.weights.map((group) => [group.name, { group: add(chain, unit, group), completes: true }]));
      if (index === 0) for (const [name, { group }] of own) ofEmbedding.set(name, group);
      for (const group of unit.tied) {
        const here = ofEmbedding.get(group.name);
        const original = groupTitle(chain, chain.units[0], group.name);
        own.set(
          group.name,
          here === undefined ? { group: add(chain, unit, group, original), completes: true } : { group: here, completes: false },
        );
      }
      byUnit.set(unit, own);
    }
  }
  return {
    groups,
    owned(unit, name) {
      const one = byUnit.get(unit)?.get(name);
      assert(one !== undefined, `${unit.name} learns ${name}, which it has`);
      return one;
    },
  };
}
