import { describe, expect, it } from 'vitest';
import { activeParameters, allWeights, MODEL_PRESETS, type ModelSpec, type Preset, weightCount } from '../../src/model/index.ts';
import { DISPATCH_NAMES, ROUTERS, resolveOptions, routerOrNull } from '../../src/routing/index.ts';
import { presetOf, publishedModels } from './published-models.ts';

const PRESETS = Object.entries(MODEL_PRESETS);
const parametersOf = (spec: ModelSpec): number => weightCount(allWeights(spec));
const apart = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

const topKOf = ({ routing }: Preset): number | undefined =>
  routing &&
  routerOrNull({ router: routing.router, options: resolveOptions(ROUTERS[routing.router].options, routing.options ?? {}, routing.router) })
    ?.topK;

describe('presets', () => {
  it('are the models of the field', () => expect(PRESETS.length).toBeGreaterThan(60));

  it.each(PRESETS)('%s has a source, a date and a name', (name, { spec, source, asOf }) => {
    expect(source).toMatch(/arXiv \d{4}\.\d{5}|[\w-]+\/[\w-]+ .*\.(yml|sh|md|gin|py)/);
    expect(asOf).toMatch(/^20\d\d-\d\d$/);
    expect(spec.name).toBe(name);
  });

  it.each(PRESETS)('%s is whole', (_, { spec }) => {
    for (const value of Object.values(spec)) if (typeof value === 'number') expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
    expect(spec.heads % spec.kvHeads).toBe(0);
    if (spec.mla !== null) expect(spec.headDim).toBe(spec.mla.qkNopeHeadDim + spec.mla.qkRopeHeadDim);
  });

  const counted = PRESETS.flatMap(([name, preset]) => (preset.published?.parameters === undefined ? [] : [[name, preset] as const]));

  it.each(counted)('%s has the published parameters, or says why not', (_, { spec, published, traps }) => {
    expect(apart(parametersOf(spec), published?.parameters ?? 0)).toBeLessThan(traps === undefined ? 0.005 : 0.07);
  });

  const active = PRESETS.flatMap(([name, preset]) => (preset.published?.activeParameters === undefined ? [] : [[name, preset] as const]));

  it.each(active)('%s has the published active parameters, with the embedding or without', (_, preset) => {
    const { spec, published } = preset;
    const met = activeParameters(spec, topKOf(preset) ?? 0);
    const deviations = [met, met - spec.vocab * spec.dModel].map((count) => apart(count, published?.activeParameters ?? 0));
    expect(Math.min(...deviations)).toBeLessThan(0.022);
  });

  it.each(PRESETS.filter(([, { spec }]) => spec.moe !== null))(
    '%s says how tokens come to their experts, in options that exist',
    (_, preset) => {
      expect(Object.keys(ROUTERS)).toContain(preset.routing?.router);
      expect(DISPATCH_NAMES).toContain(preset.routing?.dispatch);
      expect(topKOf(preset)).toBeGreaterThan(0);
      expect(topKOf(preset)).toBeLessThanOrEqual(preset.spec.moe?.experts ?? 0);
    },
  );
});

/** Runs that are about a part or a variant of a model. */
const VARIANTS = [
  '10t-moe',
  'gemma3-4b of 36 layers',
  'maxtext-default',
  'moe-base',
  'switch-base',
  'switch-base experts-ff',
  'switch-base expert-attention',
];

describe('models of published records', () => {
  const models = publishedModels();

  it('are found', () => expect(models.length).toBeGreaterThan(35));

  // The record of experts in attention has the count of experts in feed-forward layers.
  it.each(models.filter(({ spec }) => spec.moe?.expertsIn !== 'attention').map((model) => [model.name, model] as const))(
    '%s has the parameters that were recomputed for it, within 0.1 %%',
    (_, { spec, parameters }) => expect(apart(parametersOf(spec), parameters)).toBeLessThan(0.001),
  );

  it.each(models.filter(({ name }) => !VARIANTS.includes(name)).map((model) => [model.name, model] as const))(
    '%s is a preset',
    (name, { spec }) => {
      const preset = presetOf(name);
      if (preset === undefined) throw new Error(`${name} is not a preset`);
      const { name: _, activation: _activation, positions, moe, attentionBias, ffnBias, ...dims } = spec;
      expect(preset.spec).toMatchObject(dims);
      // Most records do not say whether there are biases; one that does has them.
      if (attentionBias || ffnBias) expect(preset.spec).toMatchObject({ attentionBias, ffnBias });
      if (positions.kind === 'learned') expect(preset.spec.positions).toEqual(positions);
      if (moe === null) return expect(preset.spec.moe).toBeNull();
      const { where: _where, routerBias: _bias, ...experts } = moe;
      expect(preset.spec.moe).toMatchObject(experts);
    },
  );
});
