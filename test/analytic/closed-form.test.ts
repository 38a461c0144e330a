import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClosedForm, closedForm, createClosedFormCache, estimate } from '../../src/analytic/index.ts';
import { simulate } from '../../src/engine/index.ts';
import { sliceTopology } from '../../src/hardware/index.ts';
import { loadScenario, parseScenario } from '../../src/intake/index.ts';
import { type LiveMemory, liveMemory, lowerStep, type Program } from '../../src/program/index.ts';
import type { Scenario } from '../../src/scenario/index.ts';
import { loadOf, type Shares } from '../program/loads.ts';
import { type AnyLayout, anyLayout, type Freedom, NO_FREEDOM } from './any-layout.ts';

const EXPERTS: Freedom = {
  ...NO_FREEDOM,
  models: ['switch-base', 'mixtral-8x7b', 'deepseek-v2-lite'],
  axes: ['data', 'fsdp', 'tensor', 'context', 'expert'],
};
const POLICIES = ['none', 'full', 'minimal', 'save_qkv_proj', 'minimal_offloaded'];
const OVERLAPPING: Freedom = {
  ...EXPERTS,
  models: [...NO_FREEDOM.models, ...EXPERTS.models],
  zero: [0, 1, 2, 3],
  overlap: true,
  policies: POLICIES,
};
const PIPELINES: Freedom = {
  ...NO_FREEDOM,
  axes: ['data', 'fsdp', 'tensor', 'pipeline', 'pipeline'],
  microbatches: [1, 2, 4],
  schedules: ['gpipe', '1f1b', 'interleaved'],
};

/** Weights, optimizer state and activations, together and apart. */
const ON_HOST: Pick<Freedom, 'offload' | 'policies'> = {
  offload: [
    { optimizer: true, weights: false },
    { optimizer: false, weights: true },
    { optimizer: true, weights: true },
  ],
  policies: ['minimal_offloaded', 'qkv_proj_offloaded'],
};

interface Both extends AnyLayout {
  readonly closed: ClosedForm;
  readonly program: Program;
  readonly topology: ReturnType<typeof sliceTopology>;
}

/** Both answers to some random layouts, the same ones every time. */
function answers(freedom: Freedom, count: number, seed: number): Both[] {
  return fc.sample(anyLayout(freedom), { numRuns: count, seed }).map((one) => {
    const topology = sliceTopology(one.chip, one.scenario.topology, { withHosts: true });
    return { ...one, topology, program: lowerStep(one.scenario, one.chip, topology, null), closed: closedForm(one.scenario, one.chip) };
  });
}

function terms({ computeSeconds, exposedCommunicationSeconds, exposedHostSeconds, bubbleSeconds }: ClosedForm): number {
  return computeSeconds + exposedCommunicationSeconds + exposedHostSeconds + bubbleSeconds;
}

function expectMemory({ peakBytes, parts }: ClosedForm['memory'], live: LiveMemory, named: string): void {
  expect(Math.abs(peakBytes / live.peakBytes - 1), named).toBeLessThan(0.02);
  expect(parts.reduce((sum, { bytes }) => sum + bytes, 0) / peakBytes, named).toBeCloseTo(1, 9);
  expect(parts.map(({ bytes }) => bytes)).toEqual(parts.map(({ bytes }) => bytes).toSorted((a, b) => b - a));
}

describe('the closed form', () => {
  const dense = answers({ ...NO_FREEDOM, zero: [0, 1, 2, 3], microbatches: [1, 2, 5], policies: ['none', 'full', 'minimal'] }, 12, 1);
  const experts = answers({ ...EXPERTS, zero: [0, 1, 3] }, 8, 2);
  const overlapping = answers(OVERLAPPING, 10, 3);
  const pipelines = answers(PIPELINES, 8, 4);
  const onHost = answers({ ...NO_FREEDOM, ...ON_HOST, zero: [0, 1, 3], microbatches: [1, 2, 5], overlap: true }, 12, 7);
  const hostPipelines = answers({ ...PIPELINES, ...ON_HOST, overlap: true }, 12, 9);
  const all = [...dense, ...experts, ...overlapping, ...pipelines, ...onHost];

  test('is the estimate of the program where nothing overlaps', () => {
    for (const { closed, program, topology, named } of dense) {
      const { stepSeconds, busiestComputeSeconds, communicationSeconds } = estimate(program, topology);
      expect(closed.stepSeconds / stepSeconds, named).toBeCloseTo(1, 9);
      expect(closed.computeSeconds / busiestComputeSeconds, named).toBeCloseTo(1, 9);
      expect(closed.communicationSeconds / communicationSeconds, named).toBeCloseTo(1, 9);
    }
  });

  test('is within a hundredth of the engine where only the two gathers of an expert layer meet on wires', () => {
    for (const { closed, program, topology, named } of experts) {
      expect(Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1), named).toBeLessThan(0.01);
    }
  });

  test('is within a tenth of the engine where gathers and reductions run behind computing, most of the time within three hundredths', () => {
    const errors = overlapping.map(({ closed, program, topology }) =>
      Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1),
    );
    expect(Math.max(...errors)).toBeLessThan(0.1);
    expect(errors.filter((error) => error < 0.03).length / errors.length).toBeGreaterThanOrEqual(0.8);
  });

  test('is within three hundredths of the engine in a pipeline, under every schedule', () => {
    expect(new Set(pipelines.map(({ scenario }) => scenario.layout.ici.pipeline)).size).toBeGreaterThan(1);
    for (const { closed, program, topology, named } of pipelines) {
      expect(Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1), named).toBeLessThan(0.03);
    }
  });

  test('is within three hundredths of the engine where steps wait for copies from the host, four times in five within half a hundredth', () => {
    const errors = onHost.map(({ closed, program, topology }) =>
      Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1),
    );
    expect(onHost.filter(({ closed }) => closed.exposedHostSeconds > 0.1 * closed.stepSeconds).length).toBeGreaterThan(3);
    expect(Math.max(...errors)).toBeLessThan(0.03);
    expect(errors.filter((error) => error < 0.005).length / errors.length).toBeGreaterThanOrEqual(0.8);
  });

  test('is within three hundredths of the engine in decoding with experts, and within half a hundredth where nothing is gathered ahead', () => {
    const decoding = answers({ ...EXPERTS, models: ['mixtral-8x7b', 'deepseek-v2-lite'], overlap: true }, 10, 44).map((one) => {
      const scenario: Scenario = { ...one.scenario, workload: { ...one.scenario.workload, kind: 'decode' } };
      const program = lowerStep(scenario, one.chip, one.topology, null);
      return {
        scenario,
        named: one.named,
        error: closedForm(scenario, one.chip).stepSeconds / (simulate(program, one.topology).step / 1e12) - 1,
      };
    });
    expect(decoding.some(({ scenario }) => scenario.layout.ici.expert > 1)).toBe(true);
    for (const { scenario, error, named } of decoding) {
      expect(Math.abs(error), named).toBeLessThan(scenario.layout.overlap.weights ? 0.03 : 0.005);
    }
  });

  test('is within three hundredths of the engine in four of five pipelines whose copies go on while a stage waits, and never a sixth off', () => {
    const piped = hostPipelines.filter(({ scenario }) => scenario.layout.ici.pipeline > 1);
    expect(piped.length).toBeGreaterThan(8);
    let near = 0;
    for (const { closed, program, topology, named } of piped) {
      const error = Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1);
      expect(error, named).toBeLessThan(1 / 6);
      if (error < 0.03) near++;
      expect(terms(closed) / closed.stepSeconds, named).toBeCloseTo(1, 9);
    }
    expect(near / piped.length).toBeGreaterThanOrEqual(0.8);
  });

  // Groups of the tensor axis of several stages pass the same wires: as if they all sent at once the step would be a third longer, as if none met 15 % shorter.
  test.each(['1f1b', 'gpipe'])('is within an eighth of the engine where stages share wires, under %s', (schedule) => {
    const { scenario, chip } = parseScenario(
      'shared.yaml',
      `
topology: tpu-v7:2x2x4
model: llama3.1-8b
layout: {ici: {data: 2, pipeline: 4, tensor: 4}, microbatches: 16, pipeline: {schedule: ${schedule}}, overlap: {gradients: false, weights: false, tensor: 1}}
workload: {sequences: 256, sequenceLength: 1024, remat: none}
load: {kind: uniform}
`,
      { ignoreMemory: true },
    );
    const topology = sliceTopology(chip, scenario.topology);
    const program = lowerStep(scenario, chip, topology, null);
    const step = simulate(program, topology).step / 1e12;
    expect(Math.abs(closedForm(scenario, chip).stepSeconds / step - 1)).toBeLessThan(1 / 8);
    expect(estimate(program, topology).stepSeconds / step).toBeLessThan(0.92);
  });

  test('needs the memory of the live ranges within two hundredths, and says what for', () => {
    for (const { closed, program, named } of all) expectMemory(closed.memory, liveMemory(program), named);
  });

  test('has terms that add up to the step, and FLOPs of the program', () => {
    for (const { closed, program, named } of all) {
      expect(terms(closed) / closed.stepSeconds, named).toBeCloseTo(1, 9);
      expect(closed.computeSeconds).toBeCloseTo(
        Object.values(closed.compute).reduce((sum, seconds) => sum + seconds, 0),
        12,
      );
      expect(closed.bubbleSeconds, named).toBeGreaterThanOrEqual(0);
      expect(closed.executedFlops / program.executedFlops, named).toBeCloseTo(1, 9);
      expect(closed.modelFlops / program.modelFlops, named).toBeCloseTo(1, 12);
      expect(closed.hfu).toBeGreaterThanOrEqual(closed.mfu * 0.5);
    }
  });

  test('has a row for each sort of collective, whose waiting adds up where there is one stage', () => {
    for (const { closed, scenario, named } of all) {
      if (scenario.layout.ici.pipeline > 1) continue;
      const waited = closed.collectives.reduce((sum, { exposedSeconds }) => sum + exposedSeconds, 0);
      expect(waited, named).toBeCloseTo(closed.exposedCommunicationSeconds, 9);
      expect(new Set(closed.collectives.map(({ kind, group, part }) => `${kind} ${group} ${part}`)).size).toBe(closed.collectives.length);
    }
  });

  test('exposes nothing where nothing is sent, and never less than nothing', () => {
    const silent = answers({ ...NO_FREEDOM, axes: ['data'], microbatches: [1, 3], policies: ['none', 'full', 'minimal'] }, 8, 8).map(
      (one) => {
        const { layout, workload } = one.scenario;
        const scenario = { ...one.scenario, layout, workload: { ...workload, kind: 'evaluate' as const } };
        return {
          ...one,
          closed: closedForm(scenario, one.chip),
          estimated: estimate(lowerStep(scenario, one.chip, one.topology, null), one.topology),
        };
      },
    );
    for (const { closed, estimated, named } of silent) {
      expect(closed.communicationSeconds, named).toBe(0);
      expect(closed.exposedCommunicationSeconds, named).toBe(0);
      expect(closed.bubbleSeconds, named).toBe(0);
      expect(estimated.exposedCommunicationSeconds, named).toBe(0);
    }
    for (const { closed, named } of all) {
      expect(closed.exposedCommunicationSeconds, named).toBeGreaterThanOrEqual(0);
      for (const { exposedSeconds } of closed.collectives) expect(exposedSeconds, named).toBeGreaterThanOrEqual(0);
    }
  });

  test('is the same with a cache', () => {
    const cache = createClosedFormCache();
    for (let round = 0; round < 2; round++) {
      for (const { scenario, chip, closed } of all) expect(closedForm(scenario, chip, null, cache)).toEqual(closed);
    }
  });
});

test('the demo takes what its trace takes', () => {
  const { scenario, chip } = loadScenario('scenarios/switch-base-v3-32.yaml');
  const topology = sliceTopology(chip, scenario.topology);
  const program = lowerStep(scenario, chip, topology, null);
  const closed = closedForm(scenario, chip);
  expect(closed.stepSeconds / (simulate(program, topology).step / 1e12)).toBeCloseTo(1, 9);
  expect(closed.memory.peakBytes / liveMemory(program).peakBytes).toBeCloseTo(1, 4);
});

test.each<[string, Shares]>([
  ['an even load', (_, experts) => 1 / experts],
  ['a hot expert', (expert, experts) => (expert === 0 ? 0.1 : 0.9 / (experts - 1))],
  ['few hot experts', (expert) => (expert < 4 ? 0.125 : 0.5 / 124)],
])('dropless dispatch of %s is within a tenth of the engine, with its memory and FLOPs', (_, shares) => {
  const { scenario: base, chip } = loadScenario('scenarios/switch-base-v3-32.yaml');
  const scenario = { ...base, routing: { ...base.routing, dispatch: 'dropless' as const } };
  const load = loadOf(scenario, shares);
  const topology = sliceTopology(chip, scenario.topology);
  const program = lowerStep(scenario, chip, topology, load);
  const closed = closedForm(scenario, chip, load);
  expect(Math.abs(closed.stepSeconds / (simulate(program, topology).step / 1e12) - 1)).toBeLessThan(0.1);
  expect(closed.executedFlops / program.executedFlops).toBeCloseTo(1, 9);
  expectMemory(closed.memory, liveMemory(program), scenario.name);
  expect(terms(closed) / closed.stepSeconds).toBeCloseTo(1, 9);
});
