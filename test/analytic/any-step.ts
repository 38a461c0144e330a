import * as fc from 'fast-check';
import { type LayoutSpec, meshDevices, OPTIMIZER_NAMES } from '../../src/layout/index.ts';
import { checkScenario, learns, type PrecisionSpec, type Scenario, type WorkloadSpec } from '../../src/scenario/index.ts';
import { type AnyLayout, anyLayout, type Freedom } from './any-layout.ts';

type Changes = Pick<LayoutSpec, 'tensorActivations'> &
  Pick<WorkloadSpec, 'kind' | 'layers' | 'embedding' | 'optimizer' | 'attentionKernel'> &
  Pick<PrecisionSpec, 'weights' | 'gradients'> & { readonly repeats: number; readonly pieces: readonly [number, number] };

/** A layout as `freedom` has it, and of the rest of a step what a user may choose. */
export function anyStep(freedom: Freedom): fc.Arbitrary<AnyLayout> {
  const changes: fc.Arbitrary<Changes> = fc.record({
    tensorActivations: fc.constantFrom('whole', 'sharded'),
    kind: fc.constantFrom('train', 'train', 'train', 'fine-tune', 'evaluate', 'prefill', 'decode'),
    layers: fc.constantFrom('loop', 'unrolled'),
    embedding: fc.constantFrom('gather', 'one-hot'),
    optimizer: fc.constantFrom(...OPTIMIZER_NAMES),
    attentionKernel: fc.constantFrom('dot', 'flash'),
    weights: fc.constantFrom('f32', 'bf16'),
    gradients: fc.constantFrom('f32', 'bf16'),
    repeats: fc.constantFrom(2, 4, 8),
    pieces: fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(1, 2)),
  });
  return fc
    .tuple(anyLayout(freedom), changes)
    .map(([{ scenario, chip, named }, change]) => ({
      scenario: changed(scenario, change),
      chip,
      named: `${named} ${JSON.stringify(change)}`,
    }))
    .filter(({ scenario, chip }) => checkScenario({ scenario, chip, devices: meshDevices(scenario.layout) }).length === 0);
}

function changed(scenario: Scenario, { tensorActivations, repeats, pieces, weights, gradients, ...workload }: Changes): Scenario {
  const { layout } = scenario;
  const [tensor, experts] = pieces;
  return {
    ...scenario,
    layout: {
      ...layout,
      tensorActivations,
      overlap: { ...layout.overlap, tensor, experts },
      pipeline: { ...layout.pipeline, repeats: layout.pipeline.schedule === 'interleaved' ? repeats : 1 },
    },
    workload: { ...scenario.workload, ...workload, remat: learns(workload) ? scenario.workload.remat : { policy: 'none', tensors: {} } },
    precision: { ...scenario.precision, weights, gradients },
  };
}
