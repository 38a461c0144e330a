import { defineModel } from '../spec.ts';
import type { Preset } from './preset.ts';

/** GPT-3 175B as MaxText and MLPerf train it, with 16,384 learned positions. */
export const gpt3175b: Preset = {
  source: 'AI-Hypercomputer/maxtext src/maxtext/configs/models/gpt3-175b.yml; biases as in src/maxtext/models/gpt3.py',
  asOf: '2026-11',
  spec: defineModel({
    name: 'gpt3-175b',
    family: 'decoder',
    decoderLayers: 96,
    dModel: 12288,
    dFf: 49152,
    heads: 96,
    headDim: 128,
    vocab: 50304,
    ffnMatrices: 2,
    activation: 'gelu',
    tiedEmbeddings: true,
    positions: { kind: 'learned', count: 16384 },
    attentionBias: true,
    ffnBias: true,
  }),
  published: { parameters: 175e9, source: 'GPT-3, arXiv 2005.14165, Table 2.1' },
  traps: ["MLPerf's table of positions has 16,384 rows, the published model 2,048."],
};
