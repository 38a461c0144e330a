import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { type Comparison, metricValue, type Result } from '../../src/result/index.ts';
import { NAMED_LOADS } from '../../src/routing/index.ts';
import { listen } from './listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-load-'));
const TINY = readFileSync('scenarios/tiny.yaml', 'utf8').replace(/^assert:.*\n/m, '');

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', ...args, '--quiet'], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

function scenarioFile(name: string, more = ''): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `${TINY}${more}`);
  return file;
}

async function loadOf(file: string, option: string): Promise<unknown> {
  const { exitCode, out, err } = await say('run', file, '--load', option, '--print-scenario', '--json');
  expect(err).toBe('');
  expect(exitCode).toBe(0);
  return JSON.parse(out).load;
}

describe('--load', () => {
  it('takes a kind, its options, or a file, in the place of the load of the scenario', async () => {
    const file = scenarioFile('plain', 'load: {kind: trace, file: is-not-read.csv}\n');
    expect(await loadOf(file, 'hot-expert')).toEqual({ kind: 'hot-expert', share: 0.3, expert: 0 });
    expect(await loadOf(file, 'burst:of=device,at=2,groupShare=0.25')).toMatchObject({ of: 'device', at: 2, groupShare: 0.25, share: 0.3 });
    expect(await loadOf(file, 'measured:clustering=strong')).toEqual({ kind: 'measured', clustering: 0.5 });
    expect(await loadOf(file, 'uniform')).toEqual({ kind: 'uniform' });
    writeFileSync(join(folder, 'choices.csv'), 'layer,token,expert\n0,0,1\n');
    expect(await loadOf(file, `trace:${join(folder, 'choices.csv')}`)).toMatchObject({ kind: 'trace', choices: 1 });
  });

  it.each([
    ['hot-exprt', 'E_ENUM --load: ', 'did you mean hot-expert?'],
    ['hot-expert:shar=0.5', 'E_KEY_UNKNOWN --load shar: ', 'did you mean share?'],
    ['hot-expert:share=1.5', 'E_RANGE --load share: ', 'at most 1'],
    ['hot-expert:0.5', 'E_USAGE --load: ', '--load hot-expert:share=0.5'],
    ['hot-expert:share=0.1,share=0.9', 'E_USAGE --load: ', 'keep one share='],
    ['hot-rank:device=4', 'E_LOAD_FIT --load device: 4; ', 'use 0 to 3'],
    ['trace', 'E_MISSING --load file: ', 'name a recording'],
    ['trace:nowhere.npy', 'E_FILE --load file: ', 'no such file'],
  ])('%s is refused by name, without a place in the file', async (option, start, text) => {
    const { exitCode, out, err } = await say('run', scenarioFile('wrong'), '--load', option);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(err.startsWith(start)).toBe(true);
    expect(err).toContain(text);
  });

  it('runs: drops and loads are those of the law, and the result says so', async () => {
    const { exitCode, out } = await say(
      'run',
      scenarioFile('hot'),
      '--load',
      'hot-expert:share=0.5',
      '--out',
      join(folder, 'hot'),
      '--json',
    );
    expect(exitCode).toBe(0);
    const { scenario, metrics, detail } = JSON.parse(out) as Result;
    expect(scenario.load).toEqual({ kind: 'hot-expert', share: 0.5, expert: 0 });
    // Half of all tokens ask one of eight experts, whose slots take 1.25 / 8 of them.
    expect(metricValue(metrics, 'droppedTokenFraction')).toBeGreaterThan(0.3);
    expect(metricValue(metrics, 'maxOverMeanExpertLoad')).toBeCloseTo(4, 0);
    expect(detail.assumptions.join(' ')).toContain('follow the law hot-expert (share 0.5, expert 0)');
  });
});

describe('a varied load', () => {
  it('is compared, kind by kind or group by group', async () => {
    const more = 'vary: {load: [{kind: balanced}, {kind: hot-expert, share: 0.5}]}\n';
    const { exitCode, out } = await say('compare', scenarioFile('varied', more), '--seeds', '2', '--out', join(folder, 'varied'), '--json');
    expect(exitCode).toBe(0);
    const { variants } = JSON.parse(out) as Comparison;
    const dropped = variants.map(({ metrics }) => metricValue(metrics, 'droppedTokenFraction') ?? Number.NaN);
    expect(dropped[0]).toBe(0);
    expect(dropped[1]).toBeGreaterThan(0.3);
    expect(readFileSync(join(folder, 'varied', 'comparison.html'), 'utf8')).toContain('hot-expert share=0.5');
    const kinds = scenarioFile('kinds', 'vary: {load.kind: [balanced, rotating]}\n');
    expect((await say('compare', kinds, '--seeds', '2', '--out', join(folder, 'kinds'))).exitCode).toBe(0);
  });

  it('takes no other load from the command line', async () => {
    const file = scenarioFile('twice', 'vary: {load.kind: [balanced, uniform]}\n');
    const { exitCode, err } = await say('compare', file, '--load', 'burst');
    expect(exitCode).toBe(2);
    expect(err).toContain('E_USAGE --load: ');
  });
});

describe('loads', () => {
  it('are listed, and explained with their options', async () => {
    const { out } = await say('list', 'loads');
    for (const kind of ['measured', 'uniform', 'zipf', 'trace', ...Object.keys(NAMED_LOADS)])
      expect(out).toMatch(new RegExp(`^${kind} +\\S`, 'm'));
    expect(out).not.toContain('…');
    const explained = await say('explain', 'rotating');
    for (const option of ['share', 'of', 'stride']) expect(explained.out).toContain(`option ${option}: `);
  });
});
