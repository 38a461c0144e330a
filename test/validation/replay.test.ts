import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/intake/index.ts';
import { MODEL_PRESETS } from '../../src/model/index.ts';
import { checkScenario } from '../../src/scenario/index.ts';
import { CHIPS, changed, RECORDS, reasonOf, record, replayed } from './support.ts';

const T5 = 'switch-t1-t5-base';
const SWITCH = 'switch-t1-switch-base-cf1.0';

describe('shipped records', () => {
  it('are there', () => expect(RECORDS.length).toBeGreaterThanOrEqual(5));

  it.each(RECORDS.map((one) => [one.id, one] as const))('%s becomes a scenario that breaks no rule', (_, one) => {
    const { scenario, fills } = replayed(one);
    const chip = CHIPS[scenario.topology.chip];
    expect(checkScenario({ scenario, chip, devices: 32 })).toEqual([]);
    expect(fills.join()).toContain('remat was not published');
  });

  it.each(RECORDS.map((one) => [one.id, one] as const))('%s says where and when it was read', (_, one) => {
    expect(one.source.length).toBeGreaterThan(20);
    expect(one.asOf).toMatch(/^\d{4}(-\d{2}){0,2}$/);
    expect(one.stepSecondsDerived).toBeCloseTo((one.batch.sequences ?? 0) / Number(one.measured.examplesPerSecond), 4);
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
    expect(replayed(record(id)).scenario).toMatchObject({ topology, model, layout, routing, workload, precision });
  });
});

describe('what a source leaves open', () => {
  it('recomputes nothing where everything fits, and everything where it does not', () => {
    expect(replayed(record(T5)).scenario.workload.remat).toBe('none');
    expect(replayed(record('switch-t1-t5-large')).scenario.workload.remat).toBe('full');
    expect(replayed(changed(T5, { remat: 'full' })).scenario.workload.remat).toBe('full');
  });

  it('takes asynchronous collectives from the flags, or from the generation', () => {
    expect(replayed(record(T5)).scenario.layout.overlapGradients).toBe(false);
    expect(replayed(changed(T5, { overlapFlags: true })).scenario.layout.overlapGradients).toBe(true);
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

describe('what cannot be replayed says why', () => {
  const moe = (change: object) => ({ model: { moe: { ...record(SWITCH).model?.moe, ...change } } });
  it.each([
    [{ kind: 'inference' }, /not a training step \(inference\)/],
    [{ replayable: 'no', missing: ['model', 'batch'] }, /too little was published: model, batch/],
    [{ model: null }, /the model was not published/],
    [{ topology: { chip: 'tpu-v9' } }, /chip tpu-v9 is not modelled/],
    [{ topology: { chip: null } }, /the chip was not published/],
    [{ topology: { slices: 2 } }, /2 slices are not modelled/],
    [{ topology: { twisted: true } }, /twisted tori/],
    [{ topology: { devicesPerChip: 1 } }, /1 devices per chip/],
    [{ topology: { shape: [64, 4] } }, /must fit into a pod/],
    [{ layout: { ici: { data: 8, tensor: 4 } } }, /layout axis tensor 4 is not modelled/],
    [{ layout: { dcn: { data: 2 } } }, /data 2 over the data centre network/],
    [{ layout: { expertsShardedOver: 'expert' } }, /experts over the axis expert/],
    [{ layout: { ici: { data: 16 } } }, /layout\.ici data 16: must be 32/],
    [{ model: { family: 'vision' } }, /model family vision/],
    [{ model: { attention: 'gqa', kvHeads: 2 } }, /attention gqa/],
    [{ model: { attentionWindow: { kind: 'sliding', window: 1024 } } }, /windowed attention/],
    [{ model: { extra: { parallelAttentionFfn: true } } }, /parallelAttentionFfn/],
    [{ model: { dModel: null } }, /model dModel was not published/],
    [{ model: { ffnMatrices: 4 } }, /ffnMatrices 4/],
    [moe({ sharedExperts: 1 }), /shared experts/],
    [moe({ firstDenseLayers: 3 }), /firstDenseLayers 3/],
    [moe({ algorithm: 'topk' }), /router topk/],
    [moe({ topK: 8 }), /topK 8/],
    [moe({ where: 'decoder' }), /experts in the decoder alone/],
    [moe({ capacityRule: 'x' }), /capacityRule x/],
    [moe({ experts: 48 }), /model\.experts 48: must be a multiple of 32/],
    [{ batch: { sequences: 1000 } }, /workload\.sequences 1000: must be a multiple of 32/],
    [{ precision: { matmul: 'fp8' } }, /precision\.matmul fp8/],
    [{ precision: { router: 'fp8' } }, /precision\.router fp8/],
    [{ optimizer: 'lion' }, /optimizer lion/],
    [{ optimizerDetail: 'first moment bf16' }, /first moment bf16/],
    [{ remat: 'minimal' }, /rematerialisation minimal/],
    [{ attentionKernel: 'splash' }, /fused attention \(splash\)/],
  ] as const)('%o', (change, words) => {
    expect(reasonOf(changed(SWITCH, change))).toMatch(words);
  });

  it('names every reason at once', () => {
    const reason = reasonOf(changed(SWITCH, { layout: { ici: { fsdp: 32 } }, remat: 'custom', attentionKernel: 'flash' }));
    expect(reason.split('; ')).toHaveLength(3);
  });
});
