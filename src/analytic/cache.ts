import { type Chip, wireSpecOf } from '../hardware/index.ts';
import {
  axisSize,
  type LayoutSpec,
  MESH_AXES,
  PIPELINE_SCHEDULES,
  type PipelineSchedule,
  type PipelineShape,
  shardsOf,
} from '../layout/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { type MeshRates, meshRates, type Rate } from './axis-rates.ts';
import { type PipelineOrder, pipelineOrder } from './pipeline-order.ts';
import { identities, remembered, textNumbers } from './remembered.ts';
import { stageRates } from './stage-rates.ts';
import { type StageRates, stagesShareWires } from './stage-sharing.ts';
import { type StepCost, stepCost } from './step-cost.ts';
import { type WeightSorts, weightSorts } from './weight-cost.ts';

/** What many closed forms have in common. */
export interface ClosedFormCache {
  /** Of one device; the same for all layouts that give a device as much of the batch, of matrices and of experts. */
  stepCost(scenario: Scenario, chip: Chip, load: Load | null): StepCost;
  /** Of one mesh over the wires of one slice. */
  wireRates(scenario: Scenario, chip: Chip): WireRates;
  pipelineOrder(schedule: PipelineSchedule, shape: PipelineShape, learns: boolean): PipelineOrder;
}

export interface WireRates {
  readonly all: StageRates;
  /** From each stage to the next one. */
  readonly stages: readonly Rate[];
  /** Null where no wire is shared by several stages. */
  readonly ofStage: StageRates | null;
}

export function noCache(): ClosedFormCache {
  return {
    stepCost,
    wireRates({ layout, topology }, chip) {
      const wires = wireSpecOf(chip, topology, true);
      const all = withSorts(meshRates(wires, layout));
      if (axisSize(layout, 'pipeline') === 1) return { all, ofStage: null, stages: [] };
      const ofStage = meshRates(wires, layout, true);
      return {
        all,
        ofStage: stagesShareWires(all.rates, ofStage, layout) ? withSorts(ofStage) : null,
        stages: stageRates(wires, layout),
      };
    },
    pipelineOrder,
  };
}

function withSorts(rates: MeshRates): StageRates {
  const sorts = remembered<WeightSorts>();
  return {
    rates,
    weightSorts(layout) {
      const entry = sorts([layout.zero, EXPERTS_OVER.indexOf(layout.expertsOver)]);
      entry.value ??= weightSorts(layout, rates);
      return entry.value;
    },
  };
}

/** Remembers everything, for as long as it is kept itself. Loads, models and chips are known by identity. */
export function createClosedFormCache(): ClosedFormCache {
  const make = noCache();
  const numberOf = identities();
  const textOf = textNumbers();
  const costs = remembered<StepCost>();
  const rates = remembered<WireRates>();
  const orders = remembered<PipelineOrder>();
  return {
    stepCost(scenario, chip, load) {
      const entry = costs(stepNumbers({ scenario, chip, load, numberOf, textOf }));
      entry.value ??= make.stepCost(scenario, chip, load);
      return entry.value;
    },
    wireRates(scenario, chip) {
      const entry = rates(meshNumbers(scenario, chip, numberOf, textOf));
      entry.value ??= make.wireRates(scenario, chip);
      return entry.value;
    },
    pipelineOrder(schedule, shape, learns) {
      const entry = orders([PIPELINE_SCHEDULES.indexOf(schedule), shape.stages, shape.microbatches, shape.repeats, Number(learns)]);
      entry.value ??= make.pipelineOrder(schedule, shape, learns);
      return entry.value;
    },
  };
}

const EXPERTS_OVER: readonly LayoutSpec['expertsOver'][] = ['none', 'data', 'expert'];

type NumberOf = (object: object) => number;

interface StepKey {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly load: Load | null;
  readonly numberOf: NumberOf;
  readonly textOf: NumberOf;
}

/** Everything that the units of one device depend on. */
function stepNumbers({ scenario, chip, load, numberOf, textOf }: StepKey): number[] {
  const { layout, workload, precision, routing, model } = scenario;
  const { batch, context, experts } = shardsOf(layout);
  const { teacher } = workload;
  const isGathered = layout.zero === 3 || axisSize(layout, 'fsdp') > 1 ? 2 : axisSize(layout, 'expert') > 1 ? 1 : 0;
  return [
    numberOf(model),
    numberOf(chip),
    load === null ? -1 : numberOf(load),
    teacher === null ? -1 : numberOf(teacher),
    textOf(workload),
    textOf(precision),
    model.moe === null && teacher === null ? -1 : textOf(routing),
    batch * layout.microbatches,
    context,
    experts,
    EXPERTS_OVER.indexOf(layout.expertsOver),
    axisSize(layout, 'tensor'),
    layout.tensorActivations === 'sharded' ? 1 : 0,
    layout.overlap.tensor,
    layout.overlap.experts,
    isGathered,
    model.tiedEmbeddings && axisSize(layout, 'pipeline') > 1 ? 1 : 0,
  ];
}

/** Slice, wires that are broken or slow, and the size of each axis. */
function meshNumbers({ topology, layout: { ici, dcn } }: Scenario, chip: Chip, numberOf: NumberOf, textOf: NumberOf): number[] {
  const numbers = [numberOf(chip), textOf(topology)];
  for (const axis of MESH_AXES) numbers.push(ici[axis], dcn[axis]);
  return numbers;
}
