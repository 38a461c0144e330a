import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { planPod } from '../../src/emulate/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { createNaiveTable, createPlainMemory } from '../../src/kernels/index.ts';
import { learningIssues } from '../../src/scenario/index.ts';
import { podRequestOf } from '../../src/study/index.ts';

const MODEL =
  '{name: small, family: decoder, decoderLayers: 4, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, ffnMatrices: 2, activation: relu, positions: {kind: learned, count: 32}, experts: 8, layersEvery: 2}';

function scenarioOf(keys: Readonly<Record<string, string>>) {
  const all = {
    topology: 'tpu-v3:2x2',
    model: MODEL,
    workload: '{sequences: 16, sequenceLength: 32, optimizer: adamw, remat: none}',
    routing: '{groupTokens: 32}',
    learning: '{}',
    ...keys,
  };
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}`);
  return parseScenario('small.yaml', lines.join('\n'), { ignoreMemory: true });
}

/** What is refused, in words. */
function refused(keys: Readonly<Record<string, string>>): string[] {
  return learningIssues(scenarioOf(keys).scenario).map(({ path }) => path);
}

const LEARNING = { learningRate: 1, warmupSteps: 0, decay: 'none', steps: 1, auxiliaryCoefficient: 0, zCoefficient: 0 } as const;

describe('what a pod does not learn', () => {
  it.each([
    ['model.positions', { model: MODEL.replace('{kind: learned, count: 32}', '{kind: rotary}') }],
    ['model.vocab', { model: MODEL.replace('vocab: 256', 'vocab: 128') }],
    ['model.activation', { model: MODEL.replace('relu', 'gelu') }],
    ['model.kvHeads', { model: MODEL.replace('heads: 4', 'heads: 4, kvHeads: 2') }],
    ['workload.kind', { workload: '{kind: evaluate, sequences: 16, sequenceLength: 32}' }],
    ['workload.remat', { workload: '{sequences: 16, sequenceLength: 32, remat: full}' }],
    ['precision.gradients', { precision: '{gradients: bf16}' }],
    ['precision.router', { precision: '{matmul: f32, router: bf16}' }],
    ['routing.groupTokens', { routing: '{groupTokens: 256}' }],
    ['routing.options.shuffle', { routing: '{router: base, groupTokens: 32}' }],
    ['precision.weights', { precision: '{weights: bf16}' }],
    ['layout.ici.context', { layout: '{ici: {context: 2, data: 4}}' }],
    ['layout.zero', { layout: '{ici: {data: 8}, zero: 1}' }],
    ['topology.slices', { topology: '{chip: tpu-v3, shape: [1, 2], slices: 2}' }],
  ])('%s is refused', (path, keys) => {
    expect(refused(keys)).toEqual([path]);
  });

  it('is said all at once, and each with a remedy', () => {
    const { scenario } = scenarioOf({
      model: MODEL.replace('vocab: 256', 'vocab: 64').replace('relu', 'silu'),
      layout: '{ici: {data: 8}, zero: 2}',
    });
    const issues = learningIssues(scenario);
    expect(issues.map(({ path }) => path)).toEqual(['model.vocab', 'model.activation', 'layout.zero']);
    for (const { code, rule, remedy } of issues) expect([code, rule !== '', remedy !== '']).toEqual(['E_LEARNING', true, true]);
  });

  it('is all that could go wrong: of every layout of eight cores, what is not refused can be laid', () => {
    const table = createNaiveTable(createPlainMemory(0));
    let laid = 0;
    let refusedLayouts = 0;
    for (const data of [1, 2, 4, 8]) {
      for (const tensor of [1, 2, 4, 8].filter((size) => data * size <= 8)) {
        for (const pipeline of [1, 2, 4].filter((size) => data * tensor * size <= 8)) {
          for (const last of ['fsdp', 'expert'] as const) {
            for (const more of ['', ', microbatches: 2', ', zero: 3', ', tensorActivations: sharded']) {
              const layout = `{ici: {data: ${data}, tensor: ${tensor}, pipeline: ${pipeline}, ${last}: ${8 / (data * tensor * pipeline)}}${more}}`;
              try {
                const { scenario, chip } = scenarioOf({ layout, routing: '{groupTokens: 32}' });
                if (learningIssues(scenario).length > 0) throw new InputError([]);
                planPod(podRequestOf(scenario, chip, LEARNING), [], 1, table);
                laid++;
              } catch (error) {
                expect(error, layout).toBeInstanceOf(InputError);
                refusedLayouts++;
              }
            }
          }
        }
      }
    }
    expect(laid).toBeGreaterThan(60);
    expect(refusedLayouts).toBeGreaterThan(5);
  });
});
