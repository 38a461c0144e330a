import { assert } from '../base/index.ts';
import type { PodRequest } from '../emulate/index.ts';
import type { Chip } from '../hardware/index.ts';
import { createMesh } from '../layout/index.ts';
import { routingSizes } from '../routing/index.ts';
import { type Scenario, stackGroups } from '../scenario/index.ts';
import { ownVariant } from './emulation-request.ts';

/** What a pod that learns is told beside the scenario. */
export interface Learning {
  readonly learningRate: number;
  /** Of the load-balancing loss, and of the router z-loss. */
  readonly auxiliaryCoefficient: number;
  readonly zCoefficient: number;
}

/** A scenario's step as one that is executed: its model, layout, batch and router on the cores of its slice. */
export function podRequestOf(scenario: Scenario, chip: Chip, { learningRate, auxiliaryCoefficient, zCoefficient }: Learning): PodRequest {
  const { model, layout, topology, workload, precision, routing, seed } = scenario;
  const decoder = stackGroups(scenario).stacks.find(({ stack }) => stack === 'decoder');
  assert(decoder !== undefined, `${model.name} has no decoder`);
  const { expertCapacity } = routingSizes(ownVariant(scenario), decoder.groupTokens, model.moe?.experts ?? 0);
  return {
    model,
    layout,
    mesh: createMesh(layout, { shape: topology.shape, devicesPerChip: chip.devicesPerChip }),
    sequences: workload.sequences,
    sequenceLength: workload.sequenceLength,
    dtype: precision.matmul,
    routing: {
      router: routing.router,
      options: routing.options,
      groupTokens: decoder.groupTokens,
      expertCapacity,
      auxiliaryCoefficient,
      zCoefficient,
    },
    optimizer: { learningRate, settings: {} },
    seed,
  };
}
