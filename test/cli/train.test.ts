import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import type { TrainingResult } from '../../src/result/index.ts';
import { listen } from './listen.ts';

const SCENARIO = `
name: small
topology: tpu-v3:2x2
model: {name: small, family: decoder, decoderLayers: 2, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, ffnMatrices: 3, activation: silu,
  tiedEmbeddings: true, positions: {kind: learned, count: 32}, experts: 8, layersEvery: 2}
layout: {ici: {data: 8}, expertsOver: data}
routing: {router: switch-top1, capacityFactor: 1.25, groupTokens: 32}
workload: {sequences: 16, sequenceLength: 32, optimizer: adamw, remat: none}
precision: {matmul: f32, gradients: f32}
learning: {texts: [kjv], steps: 12, learningRate: 0.003, decay: none, evaluateEvery: 5, checkpointEvery: 4}
`;

function folder(): string {
  const cwd = mkdtempSync(join(tmpdir(), 'switchyard-train-'));
  writeFileSync(join(cwd, 'small.yaml'), SCENARIO);
  return cwd;
}

/** The verb in this process. */
async function train(cwd: string, ...options: string[]) {
  const { io, out, err } = listen();
  const exitCode = await main(
    ['node', 'switchyard', 'train', join(cwd, 'small.yaml'), '--out', join(cwd, 'out'), '--json', '--quiet', ...options],
    io,
  );
  return { exitCode, out: out(), err: err() };
}

async function learned(cwd: string, ...options: string[]): Promise<TrainingResult> {
  const { exitCode, out, err } = await train(cwd, ...options);
  expect([exitCode, err]).toEqual([0, '']);
  return JSON.parse(out) as TrainingResult;
}

const whole = learned(folder());

/** The verb in a process of its own, which `until` ends. */
async function cut(cwd: string, signal: NodeJS.Signals, until: () => boolean): Promise<number | null> {
  const args = ['train', 'small.yaml', '--out', 'out', '--quiet', '--steps', '120'];
  const child = spawn(process.execPath, [resolve('bin/switchyard.js'), ...args], { cwd, stdio: 'ignore' });
  const ended = new Promise<number | null>((done) => {
    child.on('close', done);
  });
  while (!until() && child.exitCode === null) await sleep(10);
  child.kill(signal);
  return ended;
}

const CHECKPOINT = 'out/checkpoint.bin';

describe('switchyard train', () => {
  it('answers with what each step did, and leaves result, page and checkpoint', async () => {
    const { losses, dropRates, simulatedSeconds, bytes, fingerprint, cores, shrunkFrom } = await whole;
    expect([losses.length, dropRates.length, simulatedSeconds.length]).toEqual([12, 12, 12]);
    expect(losses[11]).toBeLessThan(losses[0]);
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect([cores, shrunkFrom]).toEqual([8, null]);
    expect(bytes['all-to-all'].data.counted).toBeGreaterThan(0);
    for (const axes of Object.values(bytes)) for (const { counted, predicted } of Object.values(axes)) expect(counted).toBe(predicted);
  });

  it('learns the same on one core and on others, on the smallest slice that has them', async () => {
    const { losses } = await whole;
    for (const [layout, cores, slice] of [
      ['data=1', 1, '1x1'],
      ['data=2,expert=2', 4, '1x2'],
      ['tensor=2', 2, '1x1'],
    ] as const) {
      const other = await learned(folder(), '--layout', layout);
      expect([other.cores, other.slice, other.shrunkFrom]).toEqual([cores, slice, '2x2']);
      for (const [step, loss] of other.losses.entries()) expect(Math.abs(loss / losses[step] - 1), layout).toBeLessThan(1e-5);
    }
  });

  it('goes on from its checkpoint after kill -9, and ends as if nothing had happened', async () => {
    const cwd = folder();
    await cut(cwd, 'SIGKILL', () => existsSync(join(cwd, CHECKPOINT)));
    const { exitCode, out, err } = await train(cwd, '--steps', '120');
    expect([exitCode, err]).toEqual([0, '']);
    expect((JSON.parse(out) as TrainingResult).fingerprint).toBe((await learned(folder(), '--steps', '120')).fingerprint);
  }, 60_000);

  it('saves the step that it is at when it is interrupted', async () => {
    const cwd = folder();
    let seen = 0;
    const exitCode = await cut(cwd, 'SIGINT', () => {
      if (existsSync(join(cwd, CHECKPOINT))) seen++;
      return seen > 2;
    });
    expect(exitCode).toBe(130);
    expect((await learned(cwd, '--steps', '120')).fingerprint).toBe((await learned(folder(), '--steps', '120')).fingerprint);
  }, 60_000);

  it('prints lines of at most 80 columns, but for that of the path', async () => {
    const cwd = folder();
    const file = join(cwd, 'small.yaml');
    writeFileSync(file, `${SCENARIO}question: ${'How long is a question? '.repeat(6)}\n`);
    const { io, out } = listen();
    const args = ['node', 'switchyard', 'train', file, '--out', join(cwd, 'out'), '--quiet', '--steps', '1'];
    expect(await main(args, io)).toBe(0);
    const lines = out().split('\n');
    expect(lines[0]).toMatch(/^small: How long .*…$/);
    for (const line of lines) if (!line.startsWith('page ')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('refuses the checkpoint of another run, and overwrites nothing', async () => {
    const cwd = folder();
    await learned(cwd);
    const before = readFileSync(join(cwd, CHECKPOINT));
    for (const other of [
      ['--seed', '8'],
      ['--layout', 'data=4'],
      ['--text', 'jargon'],
      ['--dtype', 'bf16'],
    ]) {
      const { exitCode, err } = await train(cwd, ...other);
      expect([exitCode, err.includes('E_CHECKPOINT')], other.join(' ')).toEqual([2, true]);
      expect(readFileSync(join(cwd, CHECKPOINT)).equals(before)).toBe(true);
    }
    expect((await train(cwd, '--steps', '11')).err).toContain('has 12 steps already');
    expect((await learned(cwd, '--seed', '8', '--restart')).fingerprint).not.toBe((await whole).fingerprint);
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['damaged', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 1 : byte)))],
    ['something else', () => Buffer.from('a text\n')],
    ['empty', () => Buffer.alloc(0)],
  ])('refuses a checkpoint that is %s', async (_, change) => {
    const cwd = folder();
    await learned(cwd, '--steps', '1');
    const file = join(cwd, CHECKPOINT);
    writeFileSync(file, change(readFileSync(file)));
    const { exitCode, err } = await train(cwd);
    expect([exitCode, err.includes('E_CHECKPOINT')]).toEqual([2, true]);
  });

  it('refuses a scenario that says nothing of learning, and texts that are none, before any step', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'none.txt'), '');
    writeFileSync(join(cwd, 'zip.txt'), Buffer.from([0x1f, 0x8b, 8, 0]));
    const texts = await train(cwd, '--text', join(cwd, 'none.txt'), join(cwd, 'zip.txt'), 'kvj');
    expect(texts.exitCode).toBe(2);
    for (const reason of ['a text must not be empty', 'is a gzip file', 'shipped texts are kjv, jargon, sqlite'])
      expect(texts.err).toContain(reason);
    expect(existsSync(join(cwd, 'out'))).toBe(false);
    writeFileSync(join(cwd, 'small.yaml'), SCENARIO.replace(/^learning.*/m, ''));
    const { exitCode, err } = await train(cwd);
    expect([exitCode, err.includes('E_LEARNING')]).toEqual([2, true]);
  });
});
