import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { parseAxesOption, parseScenario } from '../../src/intake/index.ts';
import { axisSize, MESH_AXES } from '../../src/layout/index.ts';

const SCENARIO = `
topology: tpu-v3:4x4
model: {name: small, family: decoder, decoderLayers: 2, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, experts: 8, layersEvery: 2}
layout: {ici: {data: 4, expert: 8}, expertsOver: expert, microbatches: 2}
routing: {groupTokens: 32}
workload: {sequences: 64, sequenceLength: 32}
`;

function scenarioOf(axes: string, text = SCENARIO) {
  return parseScenario('small.yaml', text, { axes: parseAxesOption(axes) });
}

function ruleOf(act: () => unknown): string {
  try {
    act();
    return 'nothing is wrong';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.issues.map(({ code, value, rule, remedy }) => `${code} ${value} ${rule}; ${remedy}`).join('\n');
  }
}

describe('axes on the command line', () => {
  it.each([
    ['data=8,expert=4', '4x4', null, 32],
    ['data=4,expert=4', '2x4', '4x4', 16],
    ['tensor=4', '1x2', '4x4', 4],
    ['expert=2', '1x1', '4x4', 2],
    ['data=1', '1x1', '4x4', 1],
    [' data = 2 , tensor = 2 ', '1x2', '4x4', 4],
  ])('%s: those that are not named are 1, on the smallest slice with that many cores', (axes, slice, shrunkFrom, cores) => {
    const loaded = scenarioOf(axes);
    const { topology, layout } = loaded.scenario;
    expect([topology.shape.join('x'), loaded.shrunkFrom]).toEqual([slice, shrunkFrom]);
    expect(topology.shape.reduce((product, side) => product * side, 1) * loaded.chip.devicesPerChip).toBe(cores);
    const named = parseAxesOption(axes);
    for (const axis of MESH_AXES) expect(axisSize(layout, axis)).toBe(named[axis] ?? 1);
    expect(layout.microbatches).toBe(2);
  });

  it('take one core of each chip where the cores do not fill chips', () => {
    const { scenario, chip } = scenarioOf('data=1');
    expect([scenario.topology.shape.join('x'), chip.devicesPerChip]).toEqual(['1x1', 1]);
  });

  it('ask for experts where they are cut', () => {
    expect(scenarioOf('data=2,expert=4').scenario.layout.expertsOver).toBe('expert');
    expect(scenarioOf('data=8').scenario.layout.expertsOver).toBe('data');
  });

  it.each([
    ['data=2,date=4', '"date=4" must be axis=size with one of'],
    ['data=2,data=4', 'an axis may be named once'],
    ['data=0', 'a whole number from 1'],
    ['data=5000', 'a whole number from 1'],
    ['data=two', 'must be axis=size'],
    [',', 'must be axis=size'],
  ])('%s is refused', (axes, words) => {
    const rule = ruleOf(() => parseAxesOption(axes));
    expect(rule).toMatch(/^E_USAGE/);
    expect(rule).toContain(words);
  });

  it.each(['data=3', 'data=64'])(
    '%s, which does not divide what it cuts or fit a slice of the chip, is refused by the rules of all layouts',
    (axes) => {
      expect(ruleOf(() => scenarioOf(axes, SCENARIO.replace('sequences: 64', 'sequences: 32')))).toMatch(/^E_/);
    },
  );
});
