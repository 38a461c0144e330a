import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/intake/index.ts';
import { podRequestOf } from '../../src/study/index.ts';

const yaml = (optimizer: string): string => `
name: words
topology: tpu-v3:2x2
model: {name: small, family: decoder, decoderLayers: 2, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, ffnMatrices: 3, activation: silu,
  tiedEmbeddings: true, positions: {kind: learned, count: 32}, experts: 8, layersEvery: 2}
layout: {ici: {data: 8}, expertsOver: data}
routing: {router: switch-top1, capacityFactor: 1.25, groupTokens: 32}
workload: {sequences: 16, sequenceLength: 32, optimizer: ${optimizer}, remat: none}
learning: {texts: [kjv], steps: 40, learningRate: 0.25, warmupSteps: 8, decay: linear}
`;

describe('a pod that learns', () => {
  it.each(['adamw', 'adafactor', 'adafactor-unfactored', 'sgd'])('updates with what the scenario names, at its rates: %s', (optimizer) => {
    const { scenario, chip } = parseScenario('words.yaml', yaml(optimizer), { ignoreMemory: true });
    if (scenario.learning === undefined) throw new Error('the scenario says nothing of learning');
    expect(podRequestOf(scenario, chip, scenario.learning).optimizer).toEqual({
      name: optimizer,
      learningRate: { highest: 0.25, warmupSteps: 8, decay: 'linear', steps: 40 },
      settings: {},
    });
  });
});
