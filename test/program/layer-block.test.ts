import { describe, expect, it } from 'vitest';
import { closedForm } from '../../src/analytic/index.ts';
import { simulate } from '../../src/engine/index.ts';
import { sliceTopology } from '../../src/hardware/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { lowerStep, type Program, STAGES, unitsOf } from '../../src/program/index.ts';
import type { Scenario } from '../../src/scenario/index.ts';

const LAYERS = 12;

function step(remat: string, model = 'gpt3-175b, decoderLayers: 12', layout = 'ici: {fsdp: 4}') {
  const lines = [
    'topology: {chip: tpu-v5p, shape: [2, 2, 1]}',
    `model: {preset: ${model}}`,
    `layout: {${layout}}`,
    `workload: {sequences: 4, sequenceLength: 512, layers: unrolled, remat: ${remat}}`,
  ];
  const { scenario, chip } = parseScenario('blocks.yaml', lines.join('\n'), { ignoreMemory: true });
  const topology = sliceTopology(chip, scenario.topology);
  return { scenario, chip, topology, program: lowerStep(scenario, chip, topology, null) };
}

/** Tasks that are made again. */
function again({ tasks, names }: Program): string[] {
  return Array.from({ length: tasks.count }, (_, task) => task)
    .filter((task) => STAGES[tasks.stage[task]] === 'recompute')
    .map((task) => names[tasks.name[task]]);
}

/** [tasks]: inputs of layers in device memory. */
function inputs({ buffers, names, tasks }: Program, { workload, model }: Scenario): number[] {
  const bytes = (2 * workload.sequences * workload.sequenceLength * model.dModel) / 4;
  return Array.from({ length: tasks.count }, (_, task) => {
    const rows = Array.from({ length: buffers.count }, (_unused, row) => row);
    const alive = (row: number) => buffers.allocatedAt[row] <= task && (buffers.freedAt[row] === -1 || task <= buffers.freedAt[row]);
    return (
      rows.filter((row) => names[buffers.name[row]] === 'block inputs' && alive(row)).reduce((sum, row) => sum + buffers.bytes[row], 0) /
      bytes
    );
  });
}

describe('layers that are checkpointed together', () => {
  it('are units of so many layers, and of what is left at the end', () => {
    const { scenario, chip } = step('{policy: full, layers: 5}');
    const units = unitsOf(scenario, chip, null);
    expect(units.map(({ name }) => name)).toEqual(['embedding', 'decoder 0-4', 'decoder 5-9', 'decoder 10-11', 'logits and loss']);
    expect(units[1].forward.filter(({ kind }) => kind === 'compute').length).toBe(5 * (units[3].forward.length / 2));
  });

  it('of an encoder are not together with those of its decoder', () => {
    const { scenario, chip } = step('{policy: full, layers: 8}', 't5-base');
    expect(unitsOf(scenario, chip, null).map(({ name }) => name)).toEqual([
      'embedding',
      'encoder 0-7',
      'encoder 8-11',
      'decoder 0-7',
      'decoder 8-11',
      'logits and loss',
    ]);
  });

  it('keep the input of the first alone, and make the others again before the backward pass', () => {
    const one = step('full');
    const block = step('{policy: full, layers: 4}');
    const logits = (program: Program): number =>
      Array.from(program.tasks.name).findIndex((name) => program.names[name] === 'logits and loss: logits');
    expect(inputs(one.program, one.scenario)[logits(one.program)]).toBe(LAYERS + 1);
    expect(inputs(block.program, block.scenario)[logits(block.program)]).toBe(LAYERS / 4 + 1);
  });

  it('repeat the last product of every layer but the last', () => {
    const last = (program: Program): number => again(program).filter((name) => name.endsWith('ffn: activation, out')).length;
    expect(last(step('full').program)).toBe(0);
    expect(last(step('{policy: full, layers: 4}').program)).toBe(LAYERS - LAYERS / 4);
    expect(last(step('{policy: full, layers: 12}').program)).toBe(LAYERS - 1);
  });

  it('keep inputs within a block where the list of custom says so', () => {
    const kept = (tensors: string): number => {
      const { program, scenario } = step(`{policy: custom, tensors: {${tensors}}, layers: 4}`);
      return inputs(program, scenario)[
        Array.from(program.tasks.name).findIndex((name) => program.names[name] === 'logits and loss: logits')
      ];
    };
    expect(kept('')).toBe(LAYERS + 1);
    expect(kept('decoder_layer_input: remat')).toBe(LAYERS / 4 + 1);
  });

  it('gather, reduce and update the same weights', () => {
    const bytes = ({ program }: ReturnType<typeof step>, kind: string): number =>
      program.collectives.filter((one) => one.kind === kind).reduce((sum, { plan }) => sum + program.plans[plan].sentBytesPerDevice, 0);
    for (const kind of ['all-gather', 'reduce-scatter']) {
      expect(bytes(step('{policy: full, layers: 4}'), kind)).toBe(bytes(step('full'), kind));
      expect(bytes(step('full'), kind)).toBeGreaterThan(0);
    }
  });

  it.each(['full', '{policy: full, layers: 4}', '{policy: minimal, layers: 3}'])(
    '%s: the closed form is as long as the simulation to a hundredth',
    (remat) => {
      const inTime = 'ici: {fsdp: 4}, overlap: {weights: false, gradients: false}';
      const { scenario, chip, topology, program } = step(remat, undefined, inTime);
      expect(closedForm(scenario, chip).stepSeconds / (simulate(program, topology).step / 1e12)).toBeCloseTo(1, 2);
    },
  );

  it('in blocks of one is what it is without a word', () => {
    expect(step('{policy: full, layers: 1}').program).toEqual(step('full').program);
  });
});
