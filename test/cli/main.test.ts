import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/cli/catalogue.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { main } from '../../src/cli/index.ts';
import { LISTING_KINDS } from '../../src/cli/listing-kinds.ts';
import { pageScript } from '../../src/cli/page-script.ts';
import { renderTrainingPage } from '../../src/report/index.ts';
import { sampleTraining } from '../report/sample-training.ts';
import { listen } from './listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-cli-'));

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', ...args], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

describe('help', () => {
  it.each([[], ...Object.keys(COMMANDS).map((name) => [name])])('of %s is complete, with examples, on stdout', async (...name) => {
    const { exitCode, out, err } = await say(...name, '--help');
    expect(exitCode).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/^Usage: switchyard/);
    expect(out).toContain('--json');
    expect(out).toMatch(/Examples?:\n {2}switchyard/);
  });

  it('lists every verb', async () => {
    const { out } = await say('--help');
    for (const name of Object.keys(COMMANDS)) expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('knows its version', async () => {
    expect((await say('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage', () => {
  it.each([
    [['rum', 'x.yaml'], 'did you mean run?'],
    [['run'], "missing required argument 'file'"],
    [['run', 'x.yaml', '--thread', '2'], '--threads'],
    [['run', 'x.yaml', '--threads', 'many'], 'whole number from 1'],
    [['run', 'x.yaml', '--threads', '0'], 'whole number from 1'],
    [['run', 'x.yaml', '--threads', String(4 * availableParallelism() + 1)], `from 1 to ${4 * availableParallelism()}, 4 for each core`],
    [['compare', 'x.yaml', '--threads', '1024'], 'leave --threads out'],
    [['run', 'x.yaml', '--wrap', 'ajar'], 'open, closed'],
    [['compare', 'x.yaml', '--seeds', '1'], 'whole number from 2'],
    [['list', 'router'], 'topologies, chips'],
  ])('%j is exit code 2 and says why on stderr', async (args, text) => {
    const { exitCode, out, err } = await say(...args);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/^E_USAGE /);
    expect(err).toContain(text);
  });

  it('without a verb shows the help on stderr', async () => {
    const { exitCode, out, err } = await say();
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toMatch(/^Usage: switchyard/);
  });
});

describe('wrong input', () => {
  it('is exit code 2 with one line per issue', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'topology: tpu-v3:4x4\nmodel: {preset: nope}\nseed: -1\n');
    const { exitCode, out, err } = await say('run', file);
    expect([exitCode, out]).toEqual([2, '']);
    const [first, second, last] = err.trimEnd().split('\n');
    expect(first).toContain(`${file}:2:17 E_PRESET_UNKNOWN model.preset:`);
    expect(second).toContain(`${file}:3:7 E_RANGE seed:`);
    expect(last).toBe('2 errors; switchyard explain E_PRESET_UNKNOWN says more');
  });

  it('is JSON on stdout when JSON was asked for', async () => {
    const { exitCode, out } = await say('run', join(folder, 'nowhere.yaml'), '--json');
    const answer = JSON.parse(out);
    expect([exitCode, answer.exitCode, answer.issues[0].code]).toEqual([2, 2, 'E_FILE']);
  });

  it('of compare: a scenario without variations', async () => {
    const { exitCode, err } = await say('compare', 'scenarios/tiny.yaml');
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^E_NOTHING_TO_COMPARE vary/);
  });

  it('of report: what is not a stored result', async () => {
    const text = join(folder, 'text.json');
    const other = join(folder, 'other.json');
    writeFileSync(text, 'no json');
    writeFileSync(other, '{"schema": "something/else"}');
    const { exitCode, err } = await say('report', text, other);
    expect(exitCode).toBe(2);
    expect(err).toContain('E_JSON');
    expect(err).toContain('E_RESULT schema');
  });
});

it('report makes the page of a stored training run again, and says what is wrong with a damaged one', async () => {
  const own = mkdtempSync(join(folder, 'training-'));
  const file = join(own, 'training.json');
  const result = sampleTraining();
  writeFileSync(file, JSON.stringify(result));
  const { exitCode, out } = await say('report', file, '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ page: join(own, 'index.html'), results: 0, trainings: 1 });
  expect(readFileSync(join(own, 'index.html'), 'utf8')).toBe(renderTrainingPage(result, pageScript()));
  writeFileSync(file, JSON.stringify({ ...result, zLosses: [] }));
  const damaged = await say('report', file);
  expect(damaged.exitCode).toBe(2);
  expect(damaged.err).toContain('E_RESULT zLosses');
});

describe('list and explain', () => {
  it.each(LISTING_KINDS)('list %s: every entry once, in at most 80 columns, and as JSON', async (kind) => {
    const entries = CATALOGUE[kind]();
    expect(entries.length).toBeGreaterThan(0);
    const { exitCode, out } = await say('list', kind);
    expect(exitCode).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(entries.map(({ name }) => name));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const rows: { name: string }[] = JSON.parse((await say('list', kind, '--json')).out);
    expect(rows.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
  });

  it.each(LISTING_KINDS)('explain knows every entry of %s', async (kind) => {
    for (const { name, title } of CATALOGUE[kind]()) {
      const { exitCode, out } = await say('explain', name);
      expect(exitCode).toBe(0);
      expect(out).toContain(`${name} (${kind})`);
      expect(out.replace(/\n {2}/g, ' ')).toContain(title);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('explain knows the ways of dispatch', async () => {
    expect((await say('explain', 'dropless')).out).toContain('routing: {dispatch: dropless}');
  });

  it.each([
    ['v5p-128', 'tpu-v5p:4x4x4', 'chips: 64, with 128 TensorCores', 'what numbers count'],
    ['tpu7x-4x4x4', 'tpu-v7:4x4x4', 'chips: 64, with 128 TensorCores', 'all sides closed'],
    ['torus:4x4', 'torus:4x4', 'chips: 16, each of which is one device', 'all sides closed'],
    ['tpu-v4:4x4x8_twisted', 'tpu-v4:4x4x8_twisted', 'chips: 128', 'scenario key'],
  ])('explain reads the slice name %s', async (name, ...parts) => {
    const { exitCode, out } = await say('explain', name);
    expect(exitCode).toBe(0);
    for (const part of parts) expect(out.replaceAll(/\n */g, ' ')).toContain(part);
  });

  it('explain says what is wrong with what is nearly a slice name, and names near figures', async () => {
    expect((await say('explain', 'v5p-127')).err).toContain('E_TOPOLOGY_COUNT');
    expect((await say('explain', 'torus')).err).toContain('E_GRID');
    expect((await say('explain', 'busBytePerSecond')).err).toContain('did you mean busBytesPerSecond?');
    expect((await say('explain', 'slowLink')).err).toContain('did you mean slowLinks?');
    expect((await say('explain', 'twisted')).out).toContain('twisted: true');
  });

  it('list without a kind says what can be listed', async () => {
    const { out } = await say('list');
    for (const kind of LISTING_KINDS) expect(out).toMatch(new RegExp(`^${kind} +\\d+ known$`, 'm'));
  });

  it('explain takes any case and names the nearest name', async () => {
    expect((await say('explain', 'stepseconds')).out).toContain('stepSeconds (metrics)');
    const { exitCode, err } = await say('explain', 'stepSecond');
    expect(exitCode).toBe(2);
    expect(err).toContain('did you mean stepSeconds?');
  });
});

describe('--print-scenario', () => {
  it('shows every default, as agreed', async () => {
    const { exitCode, out, err } = await say('run', 'scenarios/tiny.yaml', '--print-scenario', '--seed', '3');
    expect(exitCode).toBe(0);
    expect(err).toContain('W_CLUSTERING_ASSUMED');
    await expect(out).toMatchFileSnapshot('../vectors/tiny.resolved.yaml');
  });

  it('is quiet when told so, and pure JSON when asked for', async () => {
    const { out, err } = await say('--json', 'run', 'scenarios/switch-base-trace.yaml', '--print-scenario', '--quiet');
    expect(err).toBe('');
    expect(JSON.parse(out).load).toEqual({ kind: 'trace', file: 'traces/example.csv', choices: 5008 });
  });
});

describe('an unexpected failure', () => {
  const failing = (env: Record<string, string>) => {
    const listener = listen({ env });
    const io = {
      ...listener.io,
      out: () => {
        throw new TypeError('planted');
      },
    };
    return { listener, io };
  };

  it('is our bug: exit code 70, and a stack only under DEBUG', async () => {
    const plain = failing({});
    expect(await main(['node', 'switchyard', 'list'], plain.io)).toBe(70);
    expect(plain.listener.err()).toMatch(/This is our bug, not yours: planted\n.*DEBUG=1/);
    const debug = failing({ DEBUG: '1' });
    expect(await main(['node', 'switchyard', 'list'], debug.io)).toBe(70);
    expect(debug.listener.err()).toMatch(/TypeError: planted\n\s+at /);
  });
});

describe('scenarios in the help', () => {
  it('exist', async () => {
    const known = readdirSync('scenarios', { recursive: true });
    let seen = 0;
    for (const name of ['', ...Object.keys(COMMANDS)]) {
      const { out } = await say(...(name === '' ? [] : [name]), '--help');
      for (const [, file] of out.matchAll(/ scenarios\/(\S+\.yaml)/g)) {
        expect(known).toContain(file);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(4);
  });
});
