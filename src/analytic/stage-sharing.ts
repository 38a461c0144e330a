import { axisSize, type LayoutSpec, type MeshGroup, type MeshSizes } from '../layout/index.ts';
import { BYTES_PER_ELEMENT } from '../model/index.ts';
import type { WeightTypes } from '../program/index.ts';
import type { MeshRates, Rate } from './axis-rates.ts';
import type { StepCost } from './step-cost.ts';
import type { WeightTotals } from './step-totals.ts';
import type { WeightSorts } from './weight-cost.ts';

/** Rates of the groups of one stage where stages share wires, with the sorts of weights under them. */
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
export function sharedRates(
  all: MeshRates,
  { rates, weightSorts }: StageRates,
  cost: StepCost,
  layout: LayoutSpec,
  types: WeightTypes,
): MeshRates {
  const share = sendingShare(cost, rates, weightSorts(layout), layout, types);
  return {
    dimensions: all.dimensions,
    rate(kind, group) {
      const [alone, together] = [rates.rate(kind, group), all.rate(kind, group)];
      const mean = (a: number, b: number): number => a + share * (b - a);
      return {
        latencySeconds: alone.latencySeconds,
        secondsPerByte: mean(alone.secondsPerByte, together.secondsPerByte),
        memberSecondsPerByte: mean(alone.memberSecondsPerByte, together.memberSecondsPerByte),
      };
    },
  };
}

/** Part of the step in which a stage sends: of its work what is not computing, while the pipeline is full. */
function sendingShare(
  { chains, uses, totals }: StepCost,
  rates: MeshRates,
  sorts: WeightSorts,
  layout: LayoutSpec,
  types: WeightTypes,
): number {
  let sending = 0;
  for (let row = 0; row < uses.length; row++) {
    const { count, bytes } = totals.uses[row];
    sending += secondsOf(rates.rate(uses[row].collective, uses[row].group), count, bytes);
  }
  sending += ofWeights(totals.gathers, sorts, 'gather', BYTES_PER_ELEMENT[types.matmul]);
  sending += ofWeights(totals.reductions, sorts, 'scatter', BYTES_PER_ELEMENT[types.gradients]);
  let computing = 0;
  for (const { kinds, sequence } of chains) {
    const seconds = kinds.map(({ forward, backward }) => sumOf(forward.stageSeconds) + sumOf(backward.stageSeconds));
    for (const kind of sequence) computing += seconds[kind];
  }
  const passes = layout.microbatches * layout.pipeline.repeats;
  const full = passes / (passes + axisSize(layout, 'pipeline') - 1);
  return sending === 0 ? 0 : (full * sending) / (sending + computing);
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

function sumOf(seconds: Float64Array): number {
  let sum = 0;
  for (const one of seconds) sum += one;
  return sum;
}
