import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { chipCount } from '../../src/hardware/index.ts';
import { loadScenario, parseScenario } from '../../src/intake/index.ts';
import { variedValueText } from '../../src/result/index.ts';
import { STEP_WORDS, WORKLOAD_KINDS } from '../../src/scenario/index.ts';
import { CLUSTERING_STRENGTHS, meshProduct, SCENARIO_DEFAULTS } from './helpers.ts';

const FILES = readdirSync('scenarios').filter((file) => file.endsWith('.yaml'));
const MINIMAL = 'topology: tpu-v3:4x4\nmodel: {preset: switch-base}\n';

describe('the shipped scenarios', () => {
  it('are there', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(8);
  });

  it.each(FILES)('%s loads, is named like its file and points editors to the schema', (file) => {
    const { scenario, chip, variants, infeasible } = loadScenario(`scenarios/${file}`);
    expect(`${scenario.name}.yaml`).toBe(file);
    expect(readFileSync(`scenarios/${file}`, 'utf8').split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/scenario.schema.json');
    expect(meshProduct(scenario)).toBe(chipCount(scenario.topology.shape) * chip.devicesPerChip);
    expect(variants.length + infeasible.length).toBe(
      Object.values(scenario.vary).reduce((count, values) => count * values.length, variants.length > 0 ? 1 : 0),
    );
  });
});

describe('a minimal scenario', () => {
  const { scenario, warnings } = parseScenario('some/minimal.yaml', MINIMAL);

  it('takes every default', () => {
    expect(scenario.name).toBe('minimal');
    expect(scenario.layout.ici.data).toBe(32);
    expect(scenario.layout.expertsOver).toBe('data');
    expect(scenario.routing).toEqual({ ...SCENARIO_DEFAULTS.routing, options: { countsForLoss: 'requested' }, groupsMultipleOf: 32 });
    // A TPU v3 takes the customs of Mesh-TensorFlow.
    const customs = { embedding: 'one-hot', layers: 'unrolled', attentionKernel: 'dot', expertDropout: 0, teacher: null };
    expect(scenario.workload).toEqual({ ...SCENARIO_DEFAULTS.workload, ...customs });
    expect(scenario.layout.overlap).toEqual({ gradients: false, weights: false, tensor: 1, experts: 1 });
    expect(scenario.precision).toEqual({ ...SCENARIO_DEFAULTS.precision, gradients: 'bf16' });
    expect(scenario.load).toEqual({ kind: 'measured', clustering: CLUSTERING_STRENGTHS.default });
    expect(scenario.emulate).toEqual(SCENARIO_DEFAULTS.emulate);
    expect(scenario.topology.wrap).toEqual([false, false]);
  });

  it('asks how long a step of its kind is, in the words of the page', () => {
    const questions = WORKLOAD_KINDS.filter((kind) => kind !== 'distil').map((kind) => {
      const { question } = parseScenario('some/minimal.yaml', `${MINIMAL}workload: {kind: ${kind}}\n`).scenario;
      return [kind, /^How long is (.*) of switch-base on tpu-v3:4x4, and what holds it up\?$/.exec(question)?.[1]];
    });
    expect(questions).toEqual(Object.entries(STEP_WORDS).filter(([kind]) => kind !== 'distil'));
  });

  it('warns of what is assumed', () => {
    expect(warnings.map(({ code }) => code)).toEqual(['W_WRAP_ASSUMED', 'W_CLUSTERING_ASSUMED', 'W_GROUPS_UNEVEN']);
  });

  it('survives JSON and structured clone unchanged', () => {
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
    expect(structuredClone(scenario)).toEqual(scenario);
  });
});

describe('resolving', () => {
  const load = (text: string, overrides = {}) => parseScenario('a.yaml', text, overrides);

  it('lets the command line override seed and wrap-around', () => {
    const { scenario, warnings } = load(MINIMAL, { seed: 99, wrap: 'closed' });
    expect(scenario.seed).toBe(99);
    expect(scenario.topology.wrap).toEqual([true, true]);
    expect(warnings.map(({ code }) => code)).not.toContain('W_WRAP_ASSUMED');
  });

  it.each([
    ['v3-32', 'tpu-v3', [4, 4], [false, false]],
    ['tpu-v3-4x4', 'tpu-v3', [4, 4], [false, false]],
    ['tpu-v3:32x32', 'tpu-v3', [32, 32], [true, true]],
    ['v5litepod-256', 'tpu-v5e', [16, 16], [true, true]],
    ['tpu-v4:4x4x4', 'tpu-v4', [4, 4, 4], [true, true, true]],
    ['tpu-v4:2x2x2', 'tpu-v4', [2, 2, 2], [false, false, false]],
  ])('reads the slice %s', (name, chip, shape, wrap) => {
    const { scenario } = load(`topology: ${name}\nmodel: {preset: t5-base}\nworkload: {sequences: 4096}\n`);
    expect(scenario.topology).toEqual({ chip, shape, wrap, slices: 1, slowDevices: [] });
  });

  it('fills one axis with what is left', () => {
    expect(load('topology: v3-8\nmodel: {preset: t5-base}\nlayout: {ici: {data: -1}}\n').scenario.layout.ici.data).toBe(8);
  });

  it('makes a preset sparse, dense, or another size', () => {
    const model = (text: string) => load(`topology: v3-8\nmodel: ${text}\n`).scenario.model;
    expect(model('{preset: t5-base, experts: 64}').moe).toMatchObject({ experts: 64, dExpert: 2048, layersEvery: 2 });
    expect(model('{preset: switch-base, experts: 0}').moe).toBeNull();
    expect(model('{preset: switch-base, dFf: 4096}')).toMatchObject({ dFf: 4096, moe: { dExpert: 4096 } });
    expect(model('{preset: t5-base, dModel: 1536, heads: 16}').headDim).toBe(96);
  });

  it('says that a dense model does not read routing', () => {
    const { scenario, warnings } = load('topology: v3-8\nmodel: {preset: t5-base}\nrouting: {capacityFactor: 2}\nemulate: {tokens: 5}\n');
    expect(scenario.layout.expertsOver).toBe('none');
    expect(warnings.find(({ code }) => code === 'W_UNUSED')?.message).toContain('routing, emulate do nothing');
    expect(load('topology: v3-8\nmodel: t5-base\nemulate: {tokens: 5}\n').warnings[0].message).toMatch(/emulate does nothing/);
  });

  it('says that an interleaved schedule needs several chunks', () => {
    const of = (pipeline: string) =>
      load(
        `topology: v5p-16\nmodel: llama3.1-8b\nlayout: {ici: {data: 2, pipeline: 4}, microbatches: 8, pipeline: ${pipeline}}\nworkload: {sequences: 16, sequenceLength: 512}\n`,
      ).warnings.filter(({ code }) => code === 'W_UNUSED');
    expect(of('{schedule: interleaved}')[0].message).toMatch(/with one chunk of layers per stage it is 1f1b/);
    expect(of('{schedule: interleaved, repeats: 2}')).toEqual([]);
    expect(of('{schedule: 1f1b}')).toEqual([]);
  });

  it('says which keys dropless dispatch does not read, and does not mind what they hold', () => {
    const of = (keys: string) =>
      load(`topology: v3-8\nmodel: {preset: switch-base}\nrouting: {dispatch: dropless${keys}}\n`).warnings.filter(
        ({ code }) => code === 'W_UNUSED',
      );
    expect(of('')).toEqual([]);
    expect(of(', capacityFactor: -1')[0].message).toMatch(/dropless .*: capacityFactor does nothing/);
    expect(of(', capacityFactor: 2, capacityRule: tutel')[0].message).toMatch(/capacityFactor and capacityRule do nothing/);
    expect(() => load('topology: v3-8\nmodel: {preset: switch-base}\nrouting: {dispatch: scatter, capacityFactor: -1}\n')).toThrow(
      /E_CAPACITY/,
    );
  });

  it('warns of few tokens and of a capacity floor', () => {
    const { warnings } = load(`topology: v3-8
model: {preset: switch-base}
routing: {groupTokens: 64}
workload: {sequences: 16, sequenceLength: 64, targetLength: 64}
emulate: {layers: 2}
`);
    expect(warnings.map(({ code }) => code)).toEqual(
      ['W_WRAP_ASSUMED', 'W_BATCH_SMALL', 'W_CLUSTERING_ASSUMED', 'W_CAPACITY_FLOOR', 'W_CAPACITY_FLOOR'].filter(
        (code) => code !== 'W_WRAP_ASSUMED',
      ),
    );
  });

  it('takes routers with options as values, and keeps them as they were written', () => {
    const { variants } = load(`${MINIMAL}vary: {routing.router: [switch-top1, {name: topk, topK: 4}]}\n`);
    expect(variants.map(({ vary }) => variedValueText(vary['routing.router']))).toEqual(['switch-top1', 'topk topK=4']);
    expect(variants[1].scenario.routing).toMatchObject({ router: 'topk', options: { topK: 4, normalise: 'none' } });
    expect(() => load(`${MINIMAL}vary: {routing.router: [switch-top1, {name: topk, topk: 4}]}\n`)).toThrow(
      /:3:\d+ E_ROUTER_OPTION vary\.routing\.router.*did you mean topK/,
    );
  });

  it('warns of experts that choose in a decoder, and of keys that a router with its own capacity does not read', () => {
    const routing = (router: string) => `${MINIMAL}routing: {router: ${router}, capacityFactor: 2, capacityRule: v-moe}\n`;
    const of = (router: string) => load(routing(router)).warnings.filter(({ code }) => /CAUSAL|UNUSED/.test(code));
    expect(of('switch-top1')).toEqual([]);
    expect(of('expert-choice').map(({ code, message }) => [code, /: (.*) does nothing/.exec(message)?.[1]])).toEqual([
      ['W_UNUSED', 'capacityRule'],
      ['W_EXPERT_CHOICE_CAUSAL', undefined],
    ]);
    expect(of('base')).toMatchObject([{ code: 'W_UNUSED', message: /capacityFactor and capacityRule do nothing/ }]);
  });

  it('warns of a factor that a constant capacity rule does not read, and of more rounds than experts', () => {
    const of = (routing: string, model = '') =>
      load(`topology: tpu-v3:4x4\nmodel: {preset: switch-base${model}}\nrouting: {${routing}}\n`)
        .warnings.filter(({ code }) => code === 'W_UNUSED')
        .map(({ message }) => message);
    expect(of('capacityRule: huggingface, capacityFactor: 5')).toEqual([expect.stringContaining('64 slots: capacityFactor does nothing')]);
    expect(of('capacityRule: huggingface')).toEqual([]);
    expect(of('capacityRule: deepspeed, capacityFactor: 5')).toEqual([]);
    expect(of('router: {name: no-token-left-behind, rounds: 33}', ', experts: 32')).toEqual([
      expect.stringContaining('rounds above 32 (33)'),
    ]);
    expect(of('router: {name: no-token-left-behind, rounds: 32}', ', experts: 32')).toEqual([]);
  });

  it('names the rule of a router that given choices do not follow', () => {
    const of = (router: string, kind: string, more = '') =>
      load(`${MINIMAL}routing: {router: ${router}${more}}\nload: {kind: ${kind}}\n`)
        .warnings.filter(({ code }) => code === 'W_CHOICES_GIVEN')
        .map(({ message }) => message);
    expect(of('no-token-left-behind', 'balanced')).toEqual([
      "no-token-left-behind's own rule for rerouting tokens whose expert is full does not apply under load balanced: " +
        'choices that are given queue in token order, first choices first.',
    ]);
    expect(of('gshard-top2', 'uniform')).toEqual([expect.stringMatching(/\(random\) .*: all choices that are given ask/)]);
    expect(of('gshard-top2', 'uniform', ', dispatch: dropless')).toHaveLength(1);
    for (const [router, kind, more] of [
      ['no-token-left-behind', 'measured'],
      ['{name: gshard-top2, secondChoice: all}', 'uniform'],
      ['topk', 'uniform'],
      ['batch-prioritised', 'uniform', ', dispatch: dropless'],
    ]) {
      expect(of(router, kind, more), `${router} ${kind}`).toEqual([]);
    }
  });

  it('expands variations, last key fastest', () => {
    const { variants } = load(`${MINIMAL}vary: {routing.router: [switch-top1, gshard-top2], topology: [v3-32, v3-8]}\n`);
    expect(variants.map(({ vary }) => Object.values(vary))).toEqual([
      ['switch-top1', 'v3-32'],
      ['switch-top1', 'v3-8'],
      ['gshard-top2', 'v3-32'],
      ['gshard-top2', 'v3-8'],
    ]);
    expect(variants[3].scenario.routing.router).toBe('gshard-top2');
    expect(variants[3].scenario.layout.ici.data).toBe(8);
  });

  it('warns about every combination by itself', () => {
    const base = 'topology: tpu-v4:4x4x4\nmodel: {preset: t5-base}\nworkload: {sequences: 4096}\n';
    const { warnings, variants } = load(`${base}vary: {topology: [tpu-v4:4x4x4, tpu-v4:2x2x4]}\n`);
    const codes = (list: typeof warnings) => list.map(({ code }) => code);
    expect([codes(warnings), ...variants.map((variant) => codes(variant.warnings))]).toEqual([[], [], ['W_WRAP_ASSUMED']]);
    expect(variants[1].warnings).toEqual(load(base.replace('4x4x4', '2x2x4')).warnings);
  });

  it('names the folder after the file when there is no name', () => {
    expect(parseScenario('x/ my run (2).yaml', MINIMAL).scenario.name).toBe('my-run-2-');
  });
});

describe('any document', () => {
  const key = fc.constantFrom(
    'topology',
    'model',
    'layout',
    'ici',
    'data',
    'routing',
    'router',
    'load',
    'kind',
    'vary',
    'emulate',
    'tokens',
    'assert',
    'seed',
    'x',
  );
  const leaf = fc.oneof(
    fc.constantFrom('tpu-v3:4x4', 'switch-base', 'measured', 'all', 'mfu', ''),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const document = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(key, tie('node'), { maxKeys: 5 })),
  })).node;

  it('is taken, or refused with places and remedies; never a failure of ours', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.dictionary(key, document, { maxKeys: 8 }), (value) => {
        const text = JSON.stringify({ topology: 'tpu-v3:4x4', model: { preset: 'switch-base' }, ...value }, null, 1);
        const lines = text.split('\n').length;
        try {
          parseScenario('any.json', text);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          refused++;
          expect(error.issues.length).toBeGreaterThan(0);
          for (const { code, place, rule, remedy } of error.issues) {
            expect(code).toMatch(/^E_[A-Z_]+$/);
            expect(rule.length * remedy.length).toBeGreaterThan(0);
            expect(place?.line).toBeLessThanOrEqual(lines);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});

describe('wires of a scenario', () => {
  const wiresOf = (topology: string) => parseScenario('wires.yaml', `topology: ${topology}\nmodel: {preset: t5-base}\n`).scenario.topology;

  it('links are named by numbers or by coordinates, x first', () => {
    const byNumber = wiresOf('{chip: tpu-v3, shape: [4, 2], brokenLinks: [[1, 5]], slowLinks: [{between: [0, 1], factor: 2}]}');
    const byCoordinates = wiresOf(
      '{chip: tpu-v3, shape: [4, 2], brokenLinks: [[[1, 0], [1, 1]]], slowLinks: [{between: [[0, 0], [1, 0]], factor: 2}]}',
    );
    expect(byNumber.brokenLinks).toEqual([[1, 5]]);
    expect(byNumber.slowLinks).toEqual([{ between: [0, 1], factor: 2 }]);
    expect(byCoordinates).toEqual(byNumber);
  });

  it('a twist is said by a name or by a key, a skew for all devices or for some', () => {
    expect(wiresOf('tpu-v4:4x4x8_twisted')).toEqual(wiresOf('{chip: tpu-v4, shape: [4, 4, 8], twisted: true}'));
    expect(wiresOf('{chip: tpu-v3, shape: [2, 2], startSkew: 0.001, jitter: 0.02}')).toMatchObject({
      startSkewSeconds: 0.001,
      jitter: 0.02,
    });
    const late = [{ device: 3, seconds: 0.5 }];
    expect(wiresOf('{chip: tpu-v3, shape: [2, 2], startSkew: [{device: 3, seconds: 0.5}]}').lateDevices).toEqual(late);
  });

  it('a slice may be larger than the largest job, with a warning', () => {
    const codesOf = (topology: string) =>
      parseScenario('job.yaml', `topology: ${topology}\nmodel: {preset: t5-base}\nworkload: {sequences: 35840}\n`).warnings.map(
        ({ code }) => code,
      );
    expect(codesOf('tpu-v5p:16x16x20')).not.toContain('W_JOB_SIZE');
    expect(codesOf('tpu-v5p:16x20x28')).toContain('W_JOB_SIZE');
  });

  it('keys that are not written do not stand in the scenario', () => {
    expect(Object.keys(wiresOf('tpu-v3:4x4')).toSorted()).toEqual(['chip', 'shape', 'slices', 'slowDevices', 'wrap']);
    expect(wiresOf('{chip: tpu-v3, shape: [4, 4], twisted: false, brokenLinks: [], slowLinks: []}')).toEqual(wiresOf('tpu-v3:4x4'));
  });
});
