import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { loadPublished, loadScenario } from '../../src/intake/index.ts';
import { meshDevices } from '../../src/layout/index.ts';
import { MODEL_PRESETS, modelFlopsPerStep } from '../../src/model/index.ts';
import { routerOrNull } from '../../src/routing/index.ts';
import { checkScenario } from '../../src/scenario/index.ts';
import { isSkipped, type PublishedRecord, replayRecord, withRemat } from '../../src/validation/index.ts';
import { CHIPS, changed, RECORDS, reasonOf, record, replayed } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-replay-'));
const T5 = 'switch-t1-t5-base';
const SWITCH = 'switch-t1-switch-base-cf1.0';
const LLAMA = 'recipe-v6e-llama3.1-8b-v6e-256';
const DEEPSEEK = 'ironwood-deepseek-v3-128-s4096-fp8_full';

const REPLAYED = RECORDS.filter((one) => reasonOf(one) === '');

describe('shipped records', () => {
  it('of steps are all replayed, but for two whose heads the tensor axis does not divide', () => {
    const steps = RECORDS.filter(({ kind, replayable }) => ['train_step', 'inference'].includes(kind) && replayable !== 'no');
    expect(steps.length).toBe(81);
    const left = steps.filter((one) => reasonOf(one) !== '');
    expect(left.map((one) => [one.kind, reasonOf(one)])).toEqual([
      ['inference', 'layout.ici.tensor 64: must divide model.heads 48'],
      ['inference', 'layout.ici.tensor 64: must divide model.heads 48'],
    ]);
    expect(REPLAYED).toHaveLength(79);
  });

  it.each(REPLAYED.map((one) => [one.id, one] as const))('%s becomes a scenario of plain data that breaks no rule', (_, one) => {
    const { scenario, tokensScale, leftOut } = replayed(one);
    const chip = CHIPS[scenario.topology.chip];
    expect(checkScenario({ scenario, chip, devices: meshDevices(scenario.layout) })).toEqual([]);
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
    expect(leftOut).toEqual([]);
    expect(Math.abs(tokensScale - 1)).toBeLessThan(0.05);
    if (one.topology.chips !== null) {
      expect(meshDevices(scenario.layout)).toBe(one.topology.chips * (one.topology.devicesPerChip ?? 1));
    }
  });

  it.each(REPLAYED.filter(({ modelTflopPerStep }) => (modelTflopPerStep ?? null) !== null).map((one) => [one.id, one] as const))(
    '%s has the FLOPs that its source counts',
    (_, one) => {
      const { workload, model, routing } = replayed(one).scenario;
      const topK = routerOrNull(routing)?.topK ?? 1;
      const hasEncoder = model.family === 'encoder-decoder';
      const length = { encoder: workload.sequenceLength, decoder: hasEncoder ? workload.targetLength : workload.sequenceLength };
      const rule = String(one.attentionFlops) as 'full' | 'causal' | 'none';
      const flops = modelFlopsPerStep(model, {
        sequences: workload.sequences,
        length,
        expertsPerToken: { encoder: topK, decoder: topK },
        attention: ['full', 'causal', 'none'].includes(rule) ? rule : 'none',
      });
      // Switch Transformers counts neither logits nor routers, PaLM 6 N, Gemma 3 half of the keys in a window, Switch 2 routed experts once.
      const within = String(one.flopRule).startsWith('3 x forward, logits') && !String(one.flopRule).includes('window / 2') ? 0.005 : 0.5;
      expect(Math.abs(flops / ((one.modelTflopPerStep ?? 0) * 1e12) - 1)).toBeLessThan(within);
    },
  );

  it.each(RECORDS.map((one) => [one.id, one] as const))('%s says where and when it was read', (_, one) => {
    expect(one.source.length).toBeGreaterThan(20);
    expect(one.asOf).toMatch(/^\d{4}(-\d{2}){0,2}$/);
  });

  it.each([
    [T5, 't5-base'],
    ['switch-t1-t5-large', 't5-large'],
    [SWITCH, 'switch-base'],
  ])('%s has the dimensions of the preset %s', (id, preset) => {
    expect(replayed(record(id)).scenario.model).toEqual(MODEL_PRESETS[preset].spec);
  });

  it.each([
    [T5, 't5-base-v3-32'],
    ['switch-t1-t5-large', 't5-large-v3-32'],
    [SWITCH, 'switch-base-cf1.0-v3-32'],
    ['switch-t1-switch-base-cf2.0', 'switch-base-cf2.0-v3-32'],
  ])('%s is the run of the scenario %s, key by key', (id, name) => {
    const { topology, model, layout, routing, workload, precision } = loadScenario(`scenarios/${name}.yaml`).scenario;
    const replay = withRemat(replayed(record(id)), CHIPS['tpu-v3']);
    expect(replay.scenario).toMatchObject({ topology, model, layout, routing, workload, precision });
  });
});

describe('what a source leaves open', () => {
  it('recomputes nothing where everything fits, and everything where it does not', () => {
    const policy = (one: PublishedRecord) => withRemat(replayed(one), CHIPS['tpu-v3']);
    const filled = policy(record(T5));
    expect(filled.scenario.workload.remat).toEqual({ policy: 'none', tensors: {} });
    expect(filled.fills.join()).toContain('remat was not published: none');
    expect(policy(changed(T5, { batch: { sequences: 4096 } })).scenario.workload.remat.policy).toBe('full');
    const stated = policy(changed(T5, { remat: 'full' }));
    expect(stated.scenario.workload.remat.policy).toBe('full');
    expect(stated.fills.join()).not.toContain('remat');
  });

  it('takes asynchronous collectives from the flags, or from the generation', () => {
    expect(replayed(record(T5)).scenario.layout.overlap).toMatchObject({ gradients: false, weights: false });
    expect(replayed(changed(T5, { overlapFlags: true })).scenario.layout.overlap).toMatchObject({ gradients: true, weights: true });
    expect(replayed(changed(LLAMA, { overlapFlags: null })).scenario.layout.overlap).toMatchObject({ gradients: true, weights: true });
  });

  it('is filled in by the same defaults for all, and said', () => {
    const { scenario, fills } = replayed(
      changed(SWITCH, {
        topology: { shape: null },
        model: { vocab: null, moe: { ...record(SWITCH).model?.moe, capacityFactor: null, groupTokens: null } },
        batch: { targetLength: null },
        optimizer: null,
      }),
    );
    expect(scenario.topology.shape).toEqual([4, 4]);
    expect(scenario.model.vocab).toBe(32000);
    expect(scenario.routing).toMatchObject({ capacityFactor: 1.25, groupTokens: 512 });
    expect(scenario.workload).toMatchObject({ targetLength: 512, optimizer: 'adamw' });
    for (const name of ['topology shape', 'vocab', 'capacityFactor', 'groupTokens', 'targetLength', 'optimizer'])
      expect(fills.join('\n')).toContain(name);
  });

  it('rounds a batch printed in tokens to the data axis, and keeps the number of groups', () => {
    const moe = { ...record(SWITCH).model?.moe, groupTokens: 31250 };
    const batch = { sequences: null, sequenceLength: null, targetLength: null, tokensPerStep: 1_000_000 };
    const { scenario, tokensScale, fills } = replayed(changed(SWITCH, { model: { moe }, batch }));
    const { workload, routing } = scenario;
    expect(tokensScale).toBeCloseTo((992 * 1024) / 1_000_000, 12);
    expect(fills.join('\n')).toContain('992 of 1024 tokens, for 1000000 tokens; the simulated step is divided by 1.016');
    expect(replayed(record(SWITCH)).tokensScale).toBe(1);
    expect(workload).toMatchObject({ sequences: 992, sequenceLength: 1024, targetLength: 1024 });
    const odd = replayed(changed(LLAMA, { batch: { sequences: 1000 } }));
    expect(odd.scenario.workload.sequences).toBe(1024);
    expect(odd.tokensScale).toBeCloseTo(1.024, 12);
    expect(odd.fills.join()).toContain('1000 sequences do not divide over 256 devices');
    expect((992 * 1024) / routing.groupTokens).toBe(1_000_000 / 31250);
  });

  it('leaves no target length open for a decoder alone', () => {
    const decoder = { family: 'decoder', layers: 12, moe: null };
    const { fills } = replayed(
      changed(T5, { model: decoder, batch: { targetLength: null }, layout: { ...record(T5).layout, expertsShardedOver: null } }),
    );
    expect(fills.join('\n')).not.toContain('targetLength');
  });

  it('keeps four bytes for fp32, which the matrix unit multiplies as bf16', () => {
    expect(replayed(changed(T5, { precision: { matmul: 'fp32' } })).scenario.precision.matmul).toBe('f32');
  });

  it('takes the assumed layout and batch of a record of which only ratios count', () => {
    const bare = changed(SWITCH, {
      replayable: 'ratio-only',
      topology: { chips: null, shape: null },
      layout: { ici: null, dcn: null, expertsShardedOver: null },
      batch: { sequences: null, sequenceLength: null, targetLength: null, tokensPerStep: null },
    });
    expect(reasonOf(bare)).toContain('the layout was not published');
    const { topology, layout, batch } = record(SWITCH);
    const { scenario } = replayed({ ...bare, assumedForReplay: { topology, layout, batch } });
    expect(scenario.topology).toEqual(replayed(record(SWITCH)).scenario.topology);
    expect(scenario.workload).toEqual(replayed(record(SWITCH)).scenario.workload);
  });
});

describe('dispatch without slots', () => {
  it('is replayed with a balanced load, and says so', () => {
    const dropless = { model: { moe: { ...record(SWITCH).model?.moe, dropless: true, capacityRule: null, capacityFactor: null } } };
    const { scenario, fills } = replayed(changed(SWITCH, dropless));
    expect(scenario.routing.dispatch).toBe('dropless');
    expect(fills).toContain('expert load was not published: balanced');
    expect(fills.join()).not.toContain('capacity');
    expect(replayed(record(SWITCH)).scenario.routing.dispatch).toBe('einsum');
  });
});

describe('what a source says of a run', () => {
  it('is in the scenario: latent attention, experts beside shared ones, policy by tensor, moments, 8-bit products', () => {
    const { scenario } = replayed(record(DEEPSEEK));
    expect(scenario.model).toMatchObject({
      mla: { qLoraRank: 1536, kvLoraRank: 512, qkNopeHeadDim: 128, qkRopeHeadDim: 64, vHeadDim: 128 },
      headDim: 192,
      moe: { experts: 256, firstDenseLayers: 3, sharedExperts: 1, sharedDim: 2048 },
    });
    expect(scenario.routing).toMatchObject({ router: 'topk', options: { topK: 8 }, dispatch: 'dropless' });
    expect(scenario.layout).toMatchObject({ expertsOver: 'none', ici: { fsdp: 256 } });
    expect(scenario.workload).toMatchObject({
      firstMoment: 'bf16',
      remat: { policy: 'custom', tensors: { decoder_layer_input: 'offload' } },
    });
    expect(scenario.precision).toMatchObject({ matmul: 'bf16', quantized: 'fp8', gradients: 'bf16' });
  });

  it.each([
    [{ extra: { parallelAttentionFfn: true } }, { parallelBlocks: true }],
    [{ extra: { positionEmbeddings: 16384 } }, { positions: { kind: 'learned', count: 16384 } }],
    [{ extra: { attentionBias: true, ffnBias: true } }, { attentionBias: true, ffnBias: true }],
    [{ extra: { kvSharedLastLayers: 2, doubleWideFfnInSharedLayers: true } }, { kvSharedLastLayers: 2, doubleWideFfnInSharedLayers: true }],
    [{ extra: { randomRouting: true, parallelAttentionFfn: false } }, { parallelBlocks: false }],
    [{ attention: 'mqa', kvHeads: null }, { kvHeads: 1 }],
    [{ attention: 'gqa', kvHeads: 4 }, { kvHeads: 4 }],
    [
      { attentionWindow: { kind: 'sliding', window: 1024, globalEvery: 6 } },
      { window: { kind: 'sliding', window: 1024, globalEvery: 6, globalHeadDim: null, globalKvHeads: null, globalSharedKv: false } },
    ],
  ])('%o is %o of the model', (change, model) => {
    expect(replayed(changed(LLAMA, { model: change })).scenario.model).toMatchObject(model);
  });

  it('is in the scenario: slices and their axes, and copies where those are silent', () => {
    const two = { topology: { slices: 2, chips: 512 } };
    expect(replayed(changed(LLAMA, { ...two, layout: { dcn: { fsdp: 2 } } })).scenario.layout.dcn).toMatchObject({ fsdp: 2, data: 1 });
    const silent = replayed(changed(LLAMA, { ...two, layout: { dcn: null } }));
    expect(silent.scenario.layout.dcn).toMatchObject({ fsdp: 1, data: 2 });
    expect(silent.fills.join()).toContain('axes over slices were not published: data 2');
    expect(
      replayed(changed(LLAMA, { ...two, topology: { ...two.topology, shape: null }, layout: { dcn: null } })).scenario.topology.shape,
    ).toEqual([16, 16]);
  });

  it('and a scenario cannot is left out, and said to be', () => {
    const { leftOut } = replayed(
      changed(LLAMA, {
        model: { extra: { sinks: 4 } },
        optimizerDetail: 'adam_pax, second moment fp8',
        rematDetail: { decoder_layer_input: 'offload', sinks: 'device', note: 'words' },
        precision: { weights: 'int8' },
      }),
    );
    expect(leftOut).toEqual([
      'model sinks 4',
      'optimizer detail "second moment fp8"',
      'remat sinks device',
      'precision.weights int8: bf16',
    ]);
  });

  it('is a prefill, or as many steps of decoding as tokens were made', () => {
    const served = (generatedTokens: number | null) =>
      replayed(changed(LLAMA, { kind: 'inference', batch: { generatedTokens }, optimizer: null }));
    expect(served(0).scenario.workload).toMatchObject({ kind: 'prefill', sequenceLength: 8192 });
    expect(served(null).steps).toBe(1);
    expect(served(64).scenario.workload).toMatchObject({ kind: 'decode', sequenceLength: 8192 + 32 });
    expect(served(64).steps).toBe(64);
    expect(served(64).fills.join()).not.toContain('optimizer');
  });
});

describe('what cannot be replayed says why', () => {
  const moe = (change: object) => ({ model: { moe: { ...record(SWITCH).model?.moe, ...change } } });
  it.each([
    [{ kind: 'breakdown' }, /not a step \(breakdown\)/],
    [{ replayable: 'no', missing: ['model', 'batch'] }, /too little was published: model, batch/],
    [{ model: null }, /the model was not published/],
    [{ topology: { chip: 'tpu-v9' } }, /chip tpu-v9 is not modelled/],
    [{ topology: { chip: null } }, /the chip was not published/],
    [{ topology: { slices: 2 } }, /layout\.dcn/],
    [{ topology: { twisted: true } }, /topology\.twisted/],
    [{ topology: { devicesPerChip: 1 } }, /1 devices per chip/],
    [{ topology: { shape: [64, 4] } }, /must fit into a pod/],
    [{ topology: { shape: null, chips: 17, slices: 2 } }, /8\.5 chips have no default shape/],
    [{ layout: { ici: { data: 8, sequence: 4 } } }, /layout axis sequence 4 is not modelled/],
    [{ layout: { dcn: { tensor: 2 } } }, /layout\.dcn/],
    [{ layout: { expertsShardedOver: 'model' } }, /experts over the axis model/],
    [{ layout: { ici: { data: 16 } } }, /layout\.ici data 16: must be 32/],
    [{ model: { family: 'vision' } }, /model family vision/],
    [{ model: { attention: 'linear' } }, /attention linear/],
    [{ model: { attention: 'gqa', kvHeads: null } }, /kvHeads was not published/],
    [{ model: { attention: 'mla', mla: null } }, /kvLoraRank was not published/],
    [{ model: { attentionWindow: { kind: 'dilated', window: 1024 } } }, /attentionWindow kind dilated/],
    [{ model: { dModel: null } }, /model dModel was not published/],
    [{ model: { ffnMatrices: 4 } }, /ffnMatrices 4/],
    [moe({ algorithm: 'soft' }), /router soft/],
    [moe({ algorithm: null }), /the router was not published/],
    [moe({ topK: 8 }), /topK 8/],
    [moe({ where: 'middle' }), /experts in middle/],
    [moe({ capacityRule: 'x' }), /capacityRule x/],
    [{ layout: { ici: { pipeline: 1e9 } } }, /layout\.ici pipeline 1000000000: must be 32/],
    [{ model: { encoderLayers: 1e9 } }, /encoderLayers 1000000000: must be at most 1024/],
    [moe({ experts: 48 }), /model\.experts/],
    [{ precision: { matmul: 'fp4' } }, /precision\.matmul fp4/],
    [{ precision: { router: 'fp8' } }, /precision\.router fp8/],
    [{ optimizer: 'lion' }, /optimizer lion/],
    [{ remat: 'sometimes' }, /rematerialisation sometimes/],
    [{ remat: 'full', rematDetail: { layers: 0 } }, /rematDetail\.layers 0: must be a whole number of layers/],
    [{ remat: 'full', rematDetail: { layers: 'six' } }, /rematDetail\.layers "six"/],
    [{ attentionKernel: 'ring' }, /attention kernel ring/],
  ] as const)('%o', (change, words) => {
    expect(reasonOf(changed(SWITCH, change))).toMatch(words);
  });

  it('names every reason at once', () => {
    const reason = reasonOf(changed(SWITCH, { layout: { ici: { ring: 32 } }, remat: 'sometimes', attentionKernel: 'ring' }));
    expect(reason.split('; ')).toHaveLength(3);
  });

  it('whatever is null, and whatever words stand there', () => {
    const places = RECORDS.flatMap((one) => pathsOf(one).map((path) => ({ one, path })));
    expect(places.length).toBeGreaterThan(5000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(places.length - 1), fc.constantFrom(null, null, 'unheard-of', 1, 7, 65536, 1e9)), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const [[first]] = changes;
          const { one } = places[first];
          const text = changes.reduce((record, [at, value]) => replaced(record, places[at].path, value), one as unknown);
          const parsed = parseRecords('changed.json', JSON.stringify([text]));
          if (!Array.isArray(parsed)) return;
          const replay = replayRecord(parsed[0], CHIPS);
          expect(isSkipped(replay) ? replay.reason.length : replay.scenario.workload.sequences).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** Paths of everything that a record may have null. */
function pathsOf(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return at.length === 0 ? [] : [[...at]];
  return Object.entries(value).flatMap(([key, inner]) => [...(at.length > 0 ? [[...at, key]] : []), ...pathsOf(inner, [...at, key])]);
}

/** The value with another one at a path; unchanged where it does not lead anywhere. */
function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !(key in value)) return value;
  const inner = (value as Record<string, unknown>)[key];
  return { ...value, [key]: rest.length === 0 ? by : replaced(inner, rest, by) };
}

/** What the loader makes of a text; null where it refuses it with located issues. */
function parseRecords(file: string, text: string): PublishedRecord[] | null {
  const path = join(folder, file);
  writeFileSync(path, text);
  try {
    return loadPublished([path]);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.issues.every(({ place, code }) => place !== undefined && code === 'E_RECORD')).toBe(true);
    return null;
  }
}
