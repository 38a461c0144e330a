import type { Issue } from '../base/index.ts';
import { type ModelSpec, switchLayersOf } from '../model/index.ts';
import type { ScenarioRule } from './rule.ts';

/** Encoder and decoder layers suit the family. */
const layersSuitFamily: ScenarioRule = {
  reads: ['model'],
  check: ({ scenario: { model } }) => {
    const issues: Issue[] = [];
    if (model.decoderLayers < 1) issues.push(layerIssue('decoderLayers', model, 'needs at least 1'));
    if (model.family === 'decoder' && model.encoderLayers > 0) issues.push(layerIssue('encoderLayers', model, 'must be 0'));
    if (model.family === 'encoder-decoder' && model.encoderLayers < 1) issues.push(layerIssue('encoderLayers', model, 'needs at least 1'));
    return issues;
  },
};

/** A model with experts has a Switch layer. */
const hasSwitchLayer: ScenarioRule = {
  reads: ['model'],
  check: ({ scenario: { model } }) => {
    if (model.moe === null || switchLayersOf(model).length > 0) return [];
    const deepest = Math.max(model.encoderLayers, model.decoderLayers);
    return [
      {
        code: 'E_MODEL_LAYERS',
        path: 'model.layersEvery',
        value: String(model.moe.layersEvery),
        rule: `no stack is that deep (${deepest} layers), so no layer would have experts`,
        remedy: `use at most ${deepest}`,
      },
    ];
  },
};

export const MODEL_RULES: readonly ScenarioRule[] = [layersSuitFamily, hasSwitchLayer];

function layerIssue(key: 'encoderLayers' | 'decoderLayers', model: ModelSpec, rule: string): Issue {
  return {
    code: 'E_MODEL_LAYERS',
    path: `model.${key}`,
    value: String(model[key]),
    rule: `a model of family ${model.family} ${rule}`,
    remedy: `set model.${key}, or model.family`,
  };
}
