import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closedForm } from '../../src/analytic/index.ts';
import { sliceTopology } from '../../src/hardware/index.ts';
import { meshDevices } from '../../src/layout/index.ts';
import { liveMemory, lowerStep } from '../../src/program/index.ts';
import { checkScenario, learns } from '../../src/scenario/index.ts';
import { type AnyLayout, type Freedom, NO_FREEDOM } from './any-layout.ts';
import { anyStep } from './any-step.ts';

const NOWHERE = { optimizer: false, weights: false };
const ANYTHING: Freedom = {
  ...NO_FREEDOM,
  zero: [0, 1, 2, 3],
  microbatches: [1, 2, 3],
  overlap: true,
  offload: [NOWHERE, NOWHERE, { optimizer: true, weights: false }, { optimizer: false, weights: true }],
  policies: ['full', 'full', 'minimal', 'save_qkv_proj', 'minimal_offloaded', 'custom'],
  schedules: ['gpipe', '1f1b', 'interleaved'],
};

/** Random steps whose layers are checkpointed several at a time. */
function anyBlocks(freedom: Freedom): fc.Arbitrary<AnyLayout> {
  return fc
    .tuple(anyStep(freedom), fc.constantFrom(2, 3, 4, 6, 7))
    .map(([{ scenario, chip, named }, layers]) => ({
      scenario: { ...scenario, workload: { ...scenario.workload, remat: { ...scenario.workload.remat, layers } } },
      chip,
      named: `blocks of ${layers}: ${named}`,
    }))
    .filter(
      ({ scenario, chip }) =>
        learns(scenario.workload) && checkScenario({ scenario, chip, devices: meshDevices(scenario.layout) }).length === 0,
    );
}

describe('memory of layers that are checkpointed together is that of the live ranges within a thousandth,', () => {
  test.each<[string, Freedom]>([
    ['on one stage', ANYTHING],
    ['in pipelines', { ...ANYTHING, axes: ['data', 'fsdp', 'tensor', 'pipeline', 'pipeline'] }],
    ['with experts', { ...ANYTHING, models: ['switch-base', 'mixtral-8x7b'], axes: ['data', 'fsdp', 'tensor', 'context', 'expert'] }],
  ])('%s', (_, freedom) => {
    for (const { scenario, chip, named } of fc.sample(anyBlocks(freedom), { numRuns: 24, seed: 31 })) {
      const { peakBytes, parts } = closedForm(scenario, chip).memory;
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0) / peakBytes, named).toBeCloseTo(1, 9);
      const topology = sliceTopology(chip, scenario.topology, { withHosts: true });
      expect(Math.abs(peakBytes / liveMemory(lowerStep(scenario, chip, topology, null)).peakBytes - 1), named).toBeLessThan(0.001);
    }
  });
});
