import { describe, expect, it } from 'vitest';
import { countParameters, layersOf, MODEL_PRESETS, modelFlopsPerStep, switchLayersOf } from '../../src/model/index.ts';

/** Weight matrices only: Switch Transformers' counts leave norms and position biases out. */
function matrixParameters(name: string): number {
  const counts = countParameters(MODEL_PRESETS[name].spec);
  return counts.embedding + counts.attention + counts.denseFeedForward + counts.experts + counts.routers;
}

describe('parameters', () => {
  // Recomputed from the dimensions of Table 9 of arXiv 2101.03961v3.
  it.each([
    ['t5-base', 222_855_168],
    ['t5-large', 750_125_056],
    ['switch-base', 7_415_169_024],
  ])('%s has %i weights in matrices', (name, expected) => {
    expect(matrixParameters(name)).toBe(expected);
  });
});

describe('layers', () => {
  it('makes every other feed-forward layer of Switch-Base a Switch layer, twelve in all', () => {
    const layers = switchLayersOf(MODEL_PRESETS['switch-base'].spec);
    expect(layers).toHaveLength(12);
    expect(layers.slice(0, 3)).toEqual([
      { stack: 'encoder', layer: 1 },
      { stack: 'encoder', layer: 3 },
      { stack: 'encoder', layer: 5 },
    ]);
  });

  it('gives only decoder layers cross-attention', () => {
    const layers = layersOf(MODEL_PRESETS['t5-base'].spec);
    expect(layers.filter((layer) => layer.crossAttention).map((layer) => layer.stack)).toEqual(Array(12).fill('decoder'));
  });
});

describe('FLOPs of a step', () => {
  const step = { sequences: 1024, length: { encoder: 512, decoder: 114 }, expertsPerToken: { encoder: 1, decoder: 1 } };

  it('of T5-Base are the published 381.116 TFLOP of projections plus attention scores and logits', () => {
    const spec = MODEL_PRESETS['t5-base'].spec;
    const inner = spec.heads * spec.headDim;
    const scores = 4 * inner * 1024 * (12 * 512 * 512 + 12 * 114 * 114 + 12 * 114 * 512);
    const logits = 2 * 1024 * 114 * spec.dModel * spec.vocab;
    expect(modelFlopsPerStep(spec, step)).toBeCloseTo(381.116e12 + 3 * (scores + logits), -10);
  });

  it('grow by exactly the second expert from top-1 to top-2', () => {
    const spec = MODEL_PRESETS['switch-base'].spec;
    const expert = 2 * 3 * 768 * 2048;
    const extra = modelFlopsPerStep(spec, { ...step, expertsPerToken: { encoder: 2, decoder: 2 } }) - modelFlopsPerStep(spec, step);
    expect(extra).toBe(3 * 6 * expert * 1024 * (512 + 114));
  });
});
