import type { PodRequest } from '../emulate/index.ts';
import type { Chip } from '../hardware/index.ts';
import { createMesh } from '../layout/index.ts';
import { routingSizes } from '../routing/index.ts';
import { type LearningSpec, type Scenario, stackGroups } from '../scenario/index.ts';
import { ownVariant } from './emulation-request.ts';

/** What a pod that learns is told beside the scenario. */
export interface Learning
  extends Pick<LearningSpec, 'learningRate' | 'warmupSteps' | 'decay' | 'steps' | 'auxiliaryCoefficient' | 'zCoefficient'> {
  /** Of the loss against a teacher; absent without one. */
  readonly softShare?: number;
  readonly initialisationScale?: number;
  readonly dropout?: number;
  readonly expertDropout?: number;
  readonly jitter?: number;
}

/** A scenario's step as one that is executed: its model, layout, batch and router on the cores of its slice. */
export function podRequestOf(scenario: Scenario, chip: Chip, learning: Learning): PodRequest {
  const { learningRate, warmupSteps, decay, steps, auxiliaryCoefficient, zCoefficient, softShare } = learning;
  const { initialisationScale = 1, dropout = 0, expertDropout = 0, jitter = 0 } = learning;
  const { model, layout, topology, workload, precision, routing, seed } = scenario;
  // A dense model has no groups; a sequence stands for one.
  const groupTokens = stackGroups(scenario).stacks.find(({ stack }) => stack === 'decoder')?.groupTokens ?? workload.sequenceLength;
  const expertCapacity = model.moe === null ? 0 : routingSizes(ownVariant(scenario), groupTokens, model.moe.experts).expertCapacity;
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
      dispatch: routing.dispatch,
      dtype: precision.router,
      groupTokens,
      expertCapacity,
      auxiliaryCoefficient,
      zCoefficient,
    },
    optimizer: { name: workload.optimizer, learningRate: { highest: learningRate, warmupSteps, decay, steps }, settings: {} },
    seed,
    initialisationScale,
    dropout,
    expertDropout,
    jitter,
    ...(softShare === undefined ? {} : { softShare }),
  };
}
