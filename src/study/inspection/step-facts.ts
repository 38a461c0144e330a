import { type ClosedForm, closedForm } from '../../analytic/index.ts';
import type { Bytes, Flops, Seconds } from '../../base/index.ts';
import { type Chip, coreOf } from '../../hardware/index.ts';
import { meshDevices, stateBytes, storedElements } from '../../layout/index.ts';
import { allWeights } from '../../model/index.ts';
import { utilisationNote } from '../../result/index.ts';
import { learns, type Scenario } from '../../scenario/index.ts';
import { partSeconds } from './part-seconds.ts';
import { type ProductFacts, productFacts } from './product-facts.ts';

/** What a model is on a machine: who holds how much, what a step moves, and how that compares with what the chip can do. */
export interface StepFacts {
  readonly devices: number;
  readonly parametersPerDevice: number;
  readonly stateBytes: { readonly weights: Bytes; readonly gradients: Bytes; readonly optimizer: Bytes };
  readonly stepSeconds: Seconds;
  readonly mfu: number;
  readonly hfu: number;
  /** What these are shares of, where products are not of bf16; else empty. */
  readonly utilisationNote: string;
  readonly closedForm: ClosedForm;
  /** Computing by part of the model. */
  readonly partSeconds: Readonly<Record<string, Seconds>>;
  /** A device computes this many FLOPs in the time in which it moves a byte: products with less per byte wait for HBM. */
  readonly chipFlopsPerHbmByte: number;
  readonly products: readonly ProductFacts[];
  readonly axes: readonly AxisFacts[];
}

/** What one device sends along some mesh axes, beside what it computes. */
export interface AxisFacts {
  readonly group: string;
  readonly sentBytes: Bytes;
  readonly seconds: Seconds;
  readonly exposedSeconds: Seconds;
  /** Executed FLOPs of a device in a step, per byte that it sends along these axes. */
  readonly flopsPerByte: number;
  /** As many would keep the products at their peak while these bytes are on their way. */
  readonly neededFlopsPerByte: number;
}

export function stepFacts(scenario: Scenario, chip: Chip): StepFacts {
  const { layout, model, precision, workload } = scenario;
  const closed = closedForm(scenario, chip);
  const core = coreOf(chip);
  const devices = meshDevices(layout);
  const weights = allWeights(model);
  const stages = layout.ici.pipeline * layout.dcn.pipeline;
  const { firstMoment, optimizer } = workload;
  const state = stateBytes(weights, layout, { optimizer, firstMoment }, precision);
  return {
    devices,
    // The mean stage of a pipeline.
    parametersPerDevice: weights.reduce((sum, matrix) => sum + storedElements(matrix, layout), 0) / stages,
    stateBytes: {
      weights: state.weights / stages,
      gradients: learns(workload) ? state.gradients / stages : 0,
      optimizer: learns(workload) ? state.optimizer / stages : 0,
    },
    stepSeconds: closed.stepSeconds,
    mfu: closed.mfu,
    hfu: closed.hfu,
    utilisationNote: utilisationNote(precision),
    closedForm: closed,
    partSeconds: partSeconds(scenario, chip, closed),
    chipFlopsPerHbmByte: core.matmulFlopsPerSecond / core.hbmBytesPerSecond,
    products: productFacts(scenario, chip),
    axes: axisFacts(closed, closed.executedFlops / devices, core.matmulFlopsPerSecond),
  };
}

function axisFacts({ collectives }: ClosedForm, flops: Flops, peak: number): AxisFacts[] {
  const groups = new Map<string, { sentBytes: number; seconds: number; exposedSeconds: number }>();
  for (const { group, sentBytes, seconds, exposedSeconds } of collectives) {
    const sum = groups.get(group) ?? { sentBytes: 0, seconds: 0, exposedSeconds: 0 };
    groups.set(group, {
      sentBytes: sum.sentBytes + sentBytes,
      seconds: sum.seconds + seconds,
      exposedSeconds: sum.exposedSeconds + exposedSeconds,
    });
  }
  return Array.from(groups, ([group, sum]) => ({
    group,
    ...sum,
    flopsPerByte: flops / sum.sentBytes,
    neededFlopsPerByte: (peak * sum.seconds) / sum.sentBytes,
  })).sort((a, b) => b.seconds - a.seconds);
}
