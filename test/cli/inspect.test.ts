import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { listen } from './listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-inspect-'));

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', 'inspect', ...args], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('a model alone', () => {
  it('has parameters and FLOPs, and no step', async () => {
    const { exitCode, out, err } = await say('--model', 'switch-base');
    expect(exitCode).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/switch-base: encoder-decoder, 12 \+ 12 layers, 12 with experts \(1 per token\)/);
    expect(out).toMatch(/parameters +7\.42 G/);
    expect(out).not.toContain('memory');
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  it('is plain data as JSON; training is three times forward', async () => {
    const { model, step, machine } = JSON.parse((await say('--model', 'llama3.1-8b', '--length', '8192', '--json')).out);
    expect([step, machine]).toEqual([null, null]);
    expect(model.parameters.total).toBe(8030261248);
    expect(model.parameters.active).toBe(model.parameters.total);
    expect(model.flops.trainingPerToken).toBe(3 * model.flops.forwardPerToken);
    expect(model.flops.attentionShare).toBeGreaterThan(0.1);
    const short = JSON.parse((await say('--model', 'llama3.1-8b', '--length', '128', '--json')).out).model;
    expect(short.flops.attentionShare).toBeLessThan(model.flops.attentionShare / 10);
  });
});

describe('a step', () => {
  it.each([
    ['model_name: gemma3-4b\nremat_policy: full', 'adamw, remat full, 6 layers together'],
    ['model_name: gemma3-4b\nscan_layers: false\nremat_policy: custom\nout_proj: device', 'adamw, remat custom with 1 tensor placed'],
    ['model_name: llama3.1-8b\nremat_policy: minimal\nopt_type: sgd', 'sgd, remat minimal'],
  ])('says what it is one of: %s', async (flags, words) => {
    const file = join(folder, 'flags.yml');
    writeFileSync(file, `${flags}\nper_device_batch_size: 2\nmax_target_length: 4096\ncompile_topology: v6e-16\n`);
    const { exitCode, out } = await say('--maxtext', file);
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toContain(`train: 32 sequences of 4096 tokens, ${words}`);
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  it('without learning has no word on an optimizer', async () => {
    const { out } = await say(...['--model', 't5-base', '--topology', 'tpu-v3:4x4', '--sequences', '64', '--workload', 'evaluate']);
    expect(out.split('\n')).toContain('evaluate: 64 sequences of 512 + 114 tokens');
  });

  it('has holders, bytes by axis, memory and intensities', async () => {
    const { exitCode, out } = await say(
      ...[
        '--model',
        'llama3.1-70b',
        '--topology',
        'tpu-v5p:4x4x4',
        '--layout',
        'fsdp=16,tensor=4',
        '--sequences',
        '64',
        '--length',
        '8192',
      ],
    );
    expect(exitCode).toBe(0);
    expect(out).toContain('64 devices; fsdp 16, tensor 4');
    expect(out).toMatch(/step [\d.]+ m?s, MFU/);
    expect(out).toMatch(/memory [\d.]+ GB/);
    expect(out).toMatch(/ fsdp /);
    expect(out).toMatch(/wires, tensor +\d+ +\d+/);
    expect(widest(out)).toBeLessThanOrEqual(80);
  });

  it('has room for what is exposed, and no FLOPs of training where nothing is learned', async () => {
    const { out } = await say('scenarios/mixtral-8x7b-v6e-64.yaml');
    const table = out.slice(out.indexOf('sent by a device'), out.indexOf('FLOPs per byte'));
    expect(table).toMatch(/gradient reduce-scatter +fsdp\+expert .* 0 s\n/);
    expect(table).not.toContain('…');
    expect(out).toMatch(/ {2}training +[\d.]+ G/);
    expect((await say('scenarios/llama3.1-70b-decode-v6e-8.yaml')).out).not.toMatch(/ {2}training /);
  });

  it('has neither gradients nor optimizer state where nothing is learned', async () => {
    const { step } = JSON.parse((await say('scenarios/llama3.1-70b-decode-v6e-8.yaml', '--json')).out);
    expect(step.stateBytes).toMatchObject({ gradients: 0, optimizer: 0 });
    expect(step.stateBytes.weights).toBeGreaterThan(0);
  });

  it('is consistent as JSON: shares of the state, bytes of axes, terms of the step', async () => {
    const args = ['--model', 'switch-base', '--topology', 'v3-32', '--layout', 'expert-data', '--json'];
    const { step, model, machine } = JSON.parse((await say(...args)).out);
    const { experts, total } = {
      experts: model.parameters.byKind.experts as number,
      total: model.parameters.total as number,
    };
    expect(machine.layout.ici.data).toBe(32);
    expect(step.parametersPerDevice).toBeCloseTo(total - experts * (1 - 1 / 32), 0);
    expect(step.stateBytes.weights).toBeCloseTo(4 * step.parametersPerDevice, 0);
    const bytes = step.closedForm.collectives.reduce((sum: number, row: { sentBytes: number }) => sum + row.sentBytes, 0);
    expect(step.axes.reduce((sum: number, row: { sentBytes: number }) => sum + row.sentBytes, 0)).toBeCloseTo(bytes, 0);
    const { computeSeconds, exposedCommunicationSeconds, exposedHostSeconds, bubbleSeconds } = step.closedForm;
    expect((computeSeconds + exposedCommunicationSeconds + exposedHostSeconds + bubbleSeconds) / step.stepSeconds).toBeCloseTo(1, 6);
    expect(step.products.length).toBeGreaterThan(3);
  });

  it('of a scenario file is that of its run', async () => {
    const { step } = JSON.parse((await say('scenarios/switch-base-v3-32.yaml', '--json')).out);
    expect(step.devices).toBe(32);
  });

  it('leaves devices that no axis takes to the data axis, over slices too', async () => {
    const args = ['--model', 'llama3.1-8b', '--topology', 'tpu-v6e:16x16*2', '--layout', 'fsdp=64,zero=1', '--sequences', '512', '--json'];
    const { machine } = JSON.parse((await say(...args)).out);
    expect(machine.layout).toMatchObject({ ici: { fsdp: 64, data: 4 }, dcn: { data: 2 }, zero: 1 });
  });
});

it('takes keys of groups of a layout, and says nothing about routing that it does not execute', async () => {
  const base = ['--model', 'maxtext-52b', '--topology', 'tpu-v5p:4x4x4', '--sequences', '64', '--json', '--layout'];
  const layouts = ['1f1b', 'interleaved,pipeline.repeats=2'].map(
    (schedule) => `pipeline=4,fsdp=16,microbatches=4,overlap.weights=true,pipeline.schedule=${schedule}`,
  );
  const [once, twice] = await Promise.all(layouts.map(async (layout) => JSON.parse((await say(...base, layout)).out)));
  expect(once.machine.layout.pipeline).toEqual({ schedule: '1f1b', repeats: 1 });
  expect(once.machine.layout.overlap.weights).toBe(true);
  expect(twice.machine.layout.pipeline).toEqual({ schedule: 'interleaved', repeats: 2 });
  expect(twice.step.closedForm.bubbleSeconds).toBeLessThan(0.8 * once.step.closedForm.bubbleSeconds);
  const { err } = await say('--model', 'switch-xxl', '--topology', 'v3-512');
  expect(err).not.toMatch(/W_EMULATE_BUDGET|W_CLUSTERING_ASSUMED/);
});

describe('wrong options', () => {
  it.each([
    [[], /E_USAGE --model: nothing; must be one of/],
    [['--model', 'a', '--hf', 'b'], /--model and --hf/],
    [['--model', 'switch-bse'], /E_PRESET_UNKNOWN --model: .*did you mean switch-base/],
    [['--model', 't5-base', '--layout', 'data=4'], /E_USAGE --layout: "data=4"; must come with --topology/],
    [['--model', 't5-base', '--topology', 'v3-32', '--layout', 'data=4,=5'], /E_USAGE --layout/],
    [['--model', 't5-base', '--topology', 'v3-32', '--layout', 'fsdp=4,fsdp=8'], /E_USAGE --layout: .*says fsdp twice/],
    [
      ['--model', 'gpt3-175b', '--topology', 'v3-32', '--layout', 'pipeline=4,pipeline.schedule=zigzag'],
      /E_ENUM --layout pipeline\.schedule: "zigzag"/,
    ],
    [['--model', 't5-base', '--topology', 'v3-32', '--layout', 'tensr=4'], /tensr.*tensor/],
    [['--model', 't5-base', '--topology', 'v3-32', '--layout', 'tensor=5'], /--layout.*tensor/],
    [['--model', 't5-base', '--topology', 'v3-33'], /--topology/],
    [['--model', 't5-base', '--topology', 'v3-32', '--workload', 'distil'], /E_MISSING --teacher: nothing/],
    [['--model', 't5-base', '--topology', 'v3-32', '--workload', 'distil', '--teacher', 't5-lage'], /--teacher: .*did you mean t5-large/],
    [['--model', 't5-base', '--remat', 'ful'], /--remat.*full/],
    [['scenarios/tiny.yaml', '--model', 't5-base'], /a scenario file says everything/],
    [['--hf', '/nowhere/config.json'], /config\.json/],
  ] as const)('%j', async (args, words) => {
    const { exitCode, err, out } = await say(...args);
    expect([2, 3]).toContain(exitCode);
    expect(out).toBe('');
    expect(err).toMatch(words);
  });
});

it('reads a model of Hugging Face', async () => {
  const file = join(folder, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({
      model_type: 'mixtral',
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 14336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      num_local_experts: 8,
      num_experts_per_tok: 2,
    }),
  );
  const imported = JSON.parse((await say('--hf', file, '--length', '4096', '--json')).out).model;
  const preset = JSON.parse((await say('--model', 'mixtral-8x7b', '--length', '4096', '--json')).out).model;
  expect(imported.parameters.total).toBe(preset.parameters.total);
  expect(imported.flops.forwardPerToken).toBe(preset.flops.forwardPerToken);
});
