import { axisSize, type LayoutSpec, type MeshGroup, type MeshSizes } from '../layout/index.ts';
import { BYTES_PER_ELEMENT } from '../model/index.ts';
import type { WeightTypes } from '../program/index.ts';
import type { MeshRates, Rate } from './axis-rates.ts';
import type { StepCost } from './step-cost.ts';
import type { WeightTotals } from './step-totals.ts';
import type { WeightSort, WeightSorts } from './weight-cost.ts';

/** Rates of the groups of a mesh, of all its stages at once or of one alone; and how a layout shards and replicates weights under them. */
export interface StageRates {
  readonly rates: MeshRates;
  readonly weightSorts: (layout: LayoutSpec) => WeightSorts;
}

/** Whether groups of several stages go over the same wires: along any axis, or along the weight axes together. */
export function stagesShareWires(all: MeshRates, ofStage: MeshRates, mesh: MeshSizes): boolean {
  const several = (['data', 'fsdp', 'context', 'tensor', 'expert'] as const).filter((axis) => axisSize(mesh, axis) > 1);
  const groups: MeshGroup[] = several.map((axis) => ({ ici: [axis], dcn: [axis] }));
  return [...groups, { ici: several, dcn: several }].some((group) => {
    return (
      several.length > 0 && ofStage.rate('all-gather', group).secondsPerByte < all.rate('all-gather', group).secondsPerByte * (1 - 1e-9)
    );
  });
}

/**
 * Stages of a pipeline do the same at different times. Their collectives meet on wires as often as a stage sends at all, so a collective takes what it takes
 * alone, and that part of what all of them at once would add.
 */
export function sharedWires(
  all: StageRates,
  alone: StageRates,
  cost: StepCost,
  layout: LayoutSpec,
  types: WeightTypes,
): { readonly rates: MeshRates; readonly sorts: WeightSorts } {
  const ofStage = alone.weightSorts(layout);
  const share = sendingShare(cost, alone.rates, ofStage, layout, types);
  const between = (one: Rate, together: Rate): Rate => ({
    latencySeconds: one.latencySeconds,
    secondsPerByte: one.secondsPerByte + share * (together.secondsPerByte - one.secondsPerByte),
    memberSecondsPerByte: one.memberSecondsPerByte + share * (together.memberSecondsPerByte - one.memberSecondsPerByte),
  });
  return {
    rates: {
      dimensions: all.rates.dimensions,
      rate: (kind, group) => between(alone.rates.rate(kind, group), all.rates.rate(kind, group)),
    },
    sorts: sortsBetween(ofStage, all.weightSorts(layout), between),
  };
}

function sortsBetween(alone: WeightSorts, all: WeightSorts, between: (one: Rate, together: Rate) => Rate): WeightSorts {
  const sortOf = (one: WeightSort, together: WeightSort): WeightSort => ({
    ...together,
    gather: between(one.gather, together.gather),
    scatter: between(one.scatter, together.scatter),
    sum: between(one.sum, together.sum),
    updateGather: between(one.updateGather, together.updateGather),
  });
  const dense = sortOf(alone.dense, all.dense);
  return {
    ...all,
    dense,
    expert: all.alike ? dense : sortOf(alone.expert, all.expert),
    sumOfHolders: (members) => between(alone.sumOfHolders(members), all.sumOfHolders(members)),
  };
}

/** Part of the step in which a stage sends: of its work what is not computing, while the pipeline is full. */
function sendingShare({ uses, totals }: StepCost, rates: MeshRates, sorts: WeightSorts, layout: LayoutSpec, types: WeightTypes): number {
  let sending = 0;
  for (let row = 0; row < uses.length; row++) {
    const { count, bytes } = totals.uses[row];
    sending += secondsOf(rates.rate(uses[row].collective, uses[row].group), count, bytes);
  }
  sending += ofWeights(totals.gathers, sorts, 'gather', BYTES_PER_ELEMENT[types.matmul]);
  sending += ofWeights(totals.reductions, sorts, 'scatter', BYTES_PER_ELEMENT[types.gradients]);
  const passes = layout.microbatches * layout.pipeline.repeats;
  const full = passes / (passes + axisSize(layout, 'pipeline') - 1);
  return sending === 0 ? 0 : (full * sending) / (sending + totals.computeSeconds);
}

function ofWeights({ dense, expert, both }: WeightTotals, sorts: WeightSorts, kind: 'gather' | 'scatter', bytes: number): number {
  if (sorts.alike) return secondsOf(sorts.dense[kind], both.count, both.elements * bytes);
  return (
    secondsOf(sorts.dense[kind], dense.count, dense.elements * bytes) + secondsOf(sorts.expert[kind], expert.count, expert.elements * bytes)
  );
}

function secondsOf({ latencySeconds, secondsPerByte }: Rate, count: number, bytes: number): number {
  return count * latencySeconds + bytes * secondsPerByte;
}
