import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { loadExperiment } from '../../src/intake/index.ts';
import type { ExperimentResult } from '../../src/result/index.ts';
import { listen } from './listen.ts';

const SCENARIO = `
name: small
question: Does it learn?
topology: { chip: tpu-v3, shape: [1, 1] }
model: {name: small, family: decoder, decoderLayers: 2, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 256, ffnMatrices: 2, activation: relu,
  tiedEmbeddings: true, positions: {kind: learned, count: 32}, experts: 4, layersEvery: 2}
layout: {ici: {data: 2}, expertsOver: none}
routing: {router: switch-top1, capacityFactor: 1.25, groupTokens: 32}
workload: {sequences: 8, sequenceLength: 32, optimizer: adamw, remat: none}
precision: {matmul: f32}
learning: {texts: [kjv], steps: 12, learningRate: 0.003, warmupSteps: 2, evaluateEvery: 12, checkpointEvery: 4}
experiment:
  seeds: [1, 2]
  variants:
    sparse: {}
    dense: { model.experts: 0 }
    distilled: { teacher: sparse, model.experts: 0 }
    longer: { after: sparse, learning.texts: [sqlite] }
    hasty: { learning.learningRate: 1.0e+9, learning.warmupSteps: 0 }
    misled: { teacher: hasty }
    lost: { after: hasty }
  claims:
    - { variant: longer, is: lower, than: dense, measure: dropRate, source: by hand }
    - { variant: hasty, is: higher, than: sparse, measure: divergence, source: by hand }
    - { variant: dense, is: lower, than: hasty, measure: heldOutLoss, source: by hand }
  gains:
    - { variant: distilled, with: sparse, without: dense, measure: heldOutLoss, source: by hand }
`;

function folder(scenario = SCENARIO): string {
  const cwd = mkdtempSync(join(tmpdir(), 'switchyard-experiment-'));
  writeFileSync(join(cwd, 'small.yaml'), scenario);
  return cwd;
}

/** The verb in this process. */
async function experiment(cwd: string, ...options: string[]) {
  const { io, out, err } = listen();
  const exitCode = await main(
    ['node', 'switchyard', 'experiment', join(cwd, 'small.yaml'), '--out', join(cwd, 'out'), '--quiet', ...options],
    io,
  );
  return { exitCode, out: out(), err: err() };
}

async function resultOf(cwd: string): Promise<ExperimentResult> {
  const { exitCode, out, err } = await experiment(cwd, '--json');
  expect([exitCode, err]).toEqual([0, '']);
  return JSON.parse(out) as ExperimentResult;
}

const made = folder();
const whole = resultOf(made);

describe('switchyard experiment', () => {
  it('learns every variant from every seed, and leaves result and page', async () => {
    const { variants, seeds } = await whole;
    expect(seeds).toEqual([1, 2]);
    expect(variants.map(({ name, runs }) => [name, runs.length])).toEqual([
      ['sparse', 2],
      ['dense', 2],
      ['distilled', 2],
      ['longer', 2],
      ['hasty', 2],
      ['misled', 2],
      ['lost', 2],
    ]);
    const prints = variants.slice(0, 4).flatMap(({ runs }) => runs.map(({ fingerprint }) => fingerprint));
    expect(new Set(prints).size).toBe(8);
    expect(readFileSync(join(made, 'out/index.html'), 'utf8')).toContain('Does it learn?');
    expect(JSON.parse(readFileSync(join(made, 'out/experiment.json'), 'utf8'))).toEqual(await whole);
  });

  it('has a model that goes on from what another one learned: its first loss on other words is below that of first weights', async () => {
    const { variants } = await whole;
    const [sparse, , , longer] = variants;
    for (const seed of [0, 1]) expect(longer.runs[seed].curve.losses[0]).toBeLessThan(sparse.runs[seed].curve.losses[0] - 0.3);
  });

  it('says that a run met no number, where, and that its losses are none', async () => {
    const { variants, claims } = await whole;
    const hasty = variants[4];
    for (const { divergedAt } of hasty.runs) expect(divergedAt).toBeGreaterThan(0);
    for (const { runs } of variants.slice(5)) expect(runs).toEqual(hasty.runs);
    expect(hasty.measures.divergence?.mean).toBe(1);
    expect(hasty.measures.heldOutLoss).toBeUndefined();
    expect(claims.map(({ verdict }) => verdict)).toEqual(['not measured', 'seen', 'not measured']);
  });

  it('says the same as a table', async () => {
    await whole;
    const { exitCode, out } = await experiment(made);
    expect(exitCode).toBe(0);
    for (const text of ['held-out loss', 'distilled', 'SEEN: diverged of "hasty" higher than of "sparse"', 'over 2 seeds'])
      expect(out).toContain(text);
  });

  it('makes no run again that has ended', async () => {
    await whole;
    const row = join(made, 'out/dense/seed-1/row.json');
    const before = readFileSync(row);
    const { fingerprint } = await resultOf(made);
    expect(fingerprint).toBe((await whole).fingerprint);
    expect(readFileSync(row).equals(before)).toBe(true);
  });

  it('makes a run again whose row was damaged', async () => {
    await whole;
    const row = join(made, 'out/longer/seed-2/row.json');
    const before = readFileSync(row);
    writeFileSync(row, before.subarray(0, 100));
    const { fingerprint } = await resultOf(made);
    expect(fingerprint).toBe((await whole).fingerprint);
    expect(readFileSync(row).equals(before)).toBe(true);
  });

  it('goes on where it was killed, and ends as if nothing had happened', async () => {
    const cwd = folder();
    const child = spawn(process.execPath, [resolve('bin/switchyard.js'), 'experiment', 'small.yaml', '--out', 'out', '--quiet'], {
      cwd,
      stdio: 'ignore',
    });
    const ended = new Promise((done) => {
      child.on('close', done);
    });
    while (!existsSync(join(cwd, 'out/dense/seed-1/row.json')) && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(join(cwd, 'out/experiment.json'))).toBe(false);
    expect(readdirSync(join(cwd, 'out'))).toContain('sparse');
    expect((await resultOf(cwd)).fingerprint).toBe((await whole).fingerprint);
  }, 60_000);

  it('report makes its page again from the stored result', async () => {
    await whole;
    const page = readFileSync(join(made, 'out/index.html'), 'utf8');
    const { io, out } = listen();
    expect(await main(['node', 'switchyard', 'report', join(made, 'out/experiment.json'), '--json'], io)).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ experiments: 1 });
    expect(readFileSync(join(made, 'out/index.html'), 'utf8')).toBe(page);
  });
});

describe('an experiment that cannot be made', () => {
  it.each([
    ['has no section', (text: string) => text.slice(0, text.indexOf('experiment:')), 'an experiment needs an experiment section'],
    ['has one seed', (text: string) => text.replace('[1, 2]', '[1]'), 'experiment.seeds'],
    ['has a seed twice', (text: string) => text.replace('[1, 2]', '[1, 1]'), 'a seed may be named once'],
    ['claims something of nobody', (text: string) => text.replace('variant: longer', 'variant: long'), 'did you mean longer?'],
    ['gains over nobody', (text: string) => text.replace('without: dense', 'without: danse'), 'experiment.gains[0].without'],
    [
      'claims that a variant differs from itself',
      (text: string) => text.replace('than: dense', 'than: longer'),
      'does not differ from itself',
    ],
    ['gains over itself', (text: string) => text.replace('without: dense', 'without: sparse'), 'experiment.gains[0].without'],
    ['has a seed in a variant', (text: string) => text.replace('{ after: hasty }', '{ seed: 3 }'), 'name seeds under experiment.seeds'],
    ['has two names that are one folder', (text: string) => text.replace('lost:', 'Hasty:'), 'in capitals alone'],
    ['has a pupil before its teacher', (text: string) => text.replace('teacher: sparse', 'teacher: hasty'), 'written before this one'],
    ['goes on from itself', (text: string) => text.replace('after: sparse', 'after: longer'), 'written before this one'],
    [
      'has a variant that cannot be',
      (text: string) => text.replace('{ model.experts: 0 }', '{ model.experts: -1 }'),
      'experiment.variants.dense: model.experts',
    ],
    [
      'has a variant that a pod does not learn',
      (text: string) => text.replace('{ model.experts: 0 }', '{ model.vocab: 128 }'),
      'E_LEARNING model.vocab',
    ],
    [
      'has a pupil that a pod does not learn',
      (text: string) => text.replace('{ teacher: hasty }', '{ teacher: hasty, precision.router: bf16 }'),
      'E_LEARNING',
    ],
    [
      'has a teacher of other words',
      (text: string) => text.replace('{ teacher: hasty }', '{ teacher: hasty, workload.sequenceLength: 16 }'),
      'workload.sequenceLength must be as in "hasty"',
    ],
    [
      'goes on from another model',
      (text: string) => text.replace('{ after: hasty }', '{ after: hasty, model.dFf: 128 }'),
      'model must be as in "hasty"',
    ],
  ])('%s, and is refused before anything runs', async (_, change, words) => {
    const cwd = folder(change(SCENARIO));
    const { exitCode, err } = await experiment(cwd);
    expect([exitCode, err.includes(words)], err).toEqual([2, true]);
    expect(existsSync(join(cwd, 'out'))).toBe(false);
  });
});

describe('the name of a variant', () => {
  it.each(['..', 'up/../../and away', 'experiment.json', 'a\\tb', ' ', 'dots...', 'a'.repeat(61)])(
    'is not %s, which is no folder',
    async (name) => {
      const cwd = folder(SCENARIO.replace('lost:', `"${name}":`));
      const { exitCode, err } = await experiment(cwd);
      expect([exitCode, err.includes('the name of a variant is that of a folder')], err).toEqual([2, true]);
      expect(readdirSync(cwd)).toEqual(['small.yaml']);
    },
  );
});

describe('the experiments that are shipped', () => {
  const files = readdirSync('scenarios/experiments');

  it('are the twelve of the papers', () => {
    expect(files).toHaveLength(12);
  });

  it.each(files)('%s has three seeds or more, and says where each claim stands', (file) => {
    const { seeds, claims, variants } = loadExperiment(join('scenarios/experiments', file));
    expect(seeds.length).toBeGreaterThanOrEqual(3);
    expect(claims.length).toBeGreaterThan(0);
    expect(variants.length).toBeGreaterThan(1);
    for (const { source } of claims) expect(source).toMatch(/arXiv \d{4}\.\d{5}|section|figure|table/);
  });
});
