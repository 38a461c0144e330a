import * as fc from 'fast-check';
import type { Chip } from '../../src/hardware/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { type AxisSizes, type LayoutSpec, type MeshAxis, meshDevices } from '../../src/layout/index.ts';
import { checkScenario, type Scenario } from '../../src/scenario/index.ts';
import { grown, ONES, primesOf } from './meshes.ts';

/** What a layout may do beside laying out axes. */
export interface Freedom {
  readonly models: readonly string[];
  readonly axes: readonly MeshAxis[];
  readonly zero: readonly LayoutSpec['zero'][];
  readonly microbatches: readonly number[];
  readonly overlap: boolean;
  /** What may live on the host; activations by the policies. */
  readonly offload: readonly LayoutSpec['offload'][];
  readonly policies: readonly string[];
  readonly schedules: readonly LayoutSpec['pipeline']['schedule'][];
}

export const NO_FREEDOM: Freedom = {
  models: ['t5-base', 'llama3.1-8b', 'gemma3-4b'],
  axes: ['data', 'fsdp', 'tensor', 'context'],
  zero: [0],
  microbatches: [1],
  overlap: false,
  offload: [{ optimizer: false, weights: false }],
  policies: ['none'],
  schedules: ['1f1b'],
};

const SLICES = ['tpu-v3:4x4', 'tpu-v4:2x4x4', 'tpu-v5e:4x4', 'tpu-v6e:4x4', 'tpu-v7:2x2x4'];

export interface AnyLayout {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly named: string;
}

/** A model on a slice under a layout that the rules allow. */
export function anyLayout(freedom: Freedom): fc.Arbitrary<AnyLayout> {
  return fc
    .record({
      base: fc.constantFrom(...freedom.models.flatMap((model) => SLICES.map((slice) => ({ model, slice })))),
      axes: fc.array(fc.constantFrom(...freedom.axes), { minLength: 8, maxLength: 8 }),
      zero: fc.constantFrom(...freedom.zero),
      microbatches: fc.constantFrom(...freedom.microbatches),
      gradients: fc.boolean(),
      weights: fc.boolean(),
      offload: fc.constantFrom(...freedom.offload),
      policy: fc.constantFrom(...freedom.policies),
      schedule: fc.constantFrom(...freedom.schedules),
      expertsOver: fc.constantFrom('data' as const, 'none' as const),
    })
    .map(({ base, axes, zero, microbatches, gradients, weights, offload, policy, schedule, expertsOver }) => {
      const { scenario, chip } = baseOf(base.model, base.slice);
      const ici: AxisSizes = primesOf(meshDevices(scenario.layout)).reduce((sizes, prime, i) => grown(sizes, axes[i], prime), ONES);
      const { layout } = scenario;
      const own: LayoutSpec = {
        ...layout,
        ici,
        expertsOver: ici.expert > 1 ? 'expert' : expertsOver,
        zero,
        microbatches: ici.pipeline > 1 ? ici.pipeline * microbatches : microbatches,
        overlap: { ...layout.overlap, gradients: freedom.overlap && gradients, weights: freedom.overlap && weights },
        offload,
        pipeline: { schedule, repeats: schedule === 'interleaved' ? 2 : 1 },
      };
      const changed = {
        ...scenario,
        layout: own,
        workload: { ...scenario.workload, remat: { policy, tensors: {} } },
        routing: { ...scenario.routing, groupsMultipleOf: ici.data * ici.fsdp * ici.expert },
      };
      return { scenario: changed, chip, named: `${base.model} on ${base.slice} ${policy} ${JSON.stringify(own)}` };
    })
    .filter(({ scenario, chip }) => checkScenario({ scenario, chip, devices: meshDevices(scenario.layout) }).length === 0);
}

const BASES = new Map<string, { readonly scenario: Scenario; readonly chip: Chip }>();

function baseOf(model: string, slice: string): { readonly scenario: Scenario; readonly chip: Chip } {
  const text = [
    'name: any',
    `topology: ${slice}`,
    `model: { preset: ${model} }`,
    'layout: { ici: { fsdp: -1, data: 1 }, overlap: { tensor: 1, experts: 1 } }',
    'workload: { sequences: 256, sequenceLength: 1024 }',
    'load: { kind: uniform }',
  ].join('\n');
  const known = BASES.get(text) ?? parseScenario('any', text, { ignoreMemory: true });
  BASES.set(text, known);
  return known;
}
