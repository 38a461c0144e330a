import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { COLLECTIVES } from '../../src/collectives/index.ts';
import { MODELS } from '../../src/network/index.ts';
import { listen } from './listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-collective-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', 'collective', ...args], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

async function answer(...args: string[]) {
  const { exitCode, out, err } = await say(...args, '--no-page', '--json');
  expect([exitCode, err]).toEqual([0, '']);
  return JSON.parse(out);
}

const ON_GRID = ['--topology', 'torus:4x4', '--op', 'all-to-all', '--bytes', '64MiB'];

describe('the answer of collective', () => {
  it('has the promised names as JSON, and no rows', async () => {
    const json = await answer(...ON_GRID);
    expect(json).toMatchObject({
      bytesPerDevice: 64 * 2 ** 20,
      network: 'fluid',
      op: 'all-to-all',
      routing: 'all-orders',
      links: { count: 64 },
      linksPage: null,
    });
    for (const name of ['seconds', 'lowerBoundSeconds', 'busBytesPerSecond', 'wallSeconds', 'latencySeconds'])
      expect(json[name]).toBeGreaterThan(0);
    expect(Object.keys(json.linkUtilisation)).toEqual(['min', 'mean', 'max']);
    expect(json.links.rows).toBeUndefined();
  });

  it.each(Object.keys(COLLECTIVES))('%s fits in 80 columns under every network', async (op) => {
    for (const network of Object.keys(MODELS)) {
      const { exitCode, out } = await say(
        '--topology',
        'tpu-v4:2x2x4',
        '--slices',
        '2',
        '--op',
        op,
        '--bytes',
        '1MiB',
        '--network',
        network,
        '--no-page',
      );
      expect(exitCode).toBe(0);
      expect(out).toContain(`${op} over tpu-v4:2x2x4*2: 32 devices`);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      for (const word of ['time', 'bandwidth', 'lower bound', 'links', 'network links', 'busiest link', 'rests on']) {
        expect(out).toMatch(new RegExp(`^${word} `, 'm'));
      }
      expect(out).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('options change what they say', async () => {
    const plain = await answer(...ON_GRID);
    const slow = await answer(...ON_GRID, '--link-bandwidth', '45GB/s', '--hop-latency', '0s');
    expect(slow.lowerBoundSeconds).toBeCloseTo(2 * plain.lowerBoundSeconds, 12);
    expect(slow.latencySeconds).toBe(0);
    expect(slow.assumptions.join()).toContain('as asked for');
    const open = await answer(...ON_GRID, '--wrap', 'open');
    expect(open.wires.wrap).toEqual([false, false]);
    const twisted = await answer('--topology', 'torus:4x8', '--op', 'all-to-all', '--bytes', '1MiB', '--twisted');
    expect([twisted.wires.twisted, twisted.routing]).toEqual([true, 'balanced']);
    const rows = await answer('--topology', 'torus:4x8', '--op', 'all-gather', '--bytes', '1MiB', '--axes', 'y');
    expect([rows.groups, rows.members]).toEqual([4, 8]);
    const both = await answer('--topology', 'torus:4x8', '--op', 'all-gather', '--bytes', '1MiB', '--axes', 'x,y');
    expect([both.groups, both.members]).toEqual([1, 32]);
    const shifted = await answer('--topology', 'ring:8', '--op', 'permute', '--bytes', '1MiB', '--shift', '4');
    const next = await answer('--topology', 'ring:8', '--op', 'permute', '--bytes', '1MiB');
    expect(shifted.seconds).toBeGreaterThan(next.seconds);
    const hop = await answer(
      '--topology',
      'ring:4',
      '--op',
      'broadcast',
      '--bytes',
      '1MiB',
      '--network',
      'hop',
      '--chunk',
      '16KiB',
      '--root',
      '2',
    );
    expect([hop.chunkBytes, hop.root, hop.network]).toEqual([16384, 2, 'hop']);
  });

  it('names links by number or by coordinates', async () => {
    const byNumber = await answer(...ON_GRID, '--break-link', '1-5', '--slow-link', '0-1:2');
    const byPlace = await answer(...ON_GRID, '--break-link', '1,0-1,1', '--slow-link', '0,0-1,0:2');
    expect(byPlace.fingerprint).toBe(byNumber.fingerprint);
    expect(byNumber.brokenLinks.length).toBe(2);
    expect(byNumber.slowLinks).toEqual([{ between: [0, 1], factor: 2 }]);
    const { out } = await say(...ON_GRID, '--break-link', '1-5', '--slow-link', '0-1:2', '--no-page');
    expect(out).toMatch(/^broken +1-5$/m);
    expect(out).toMatch(/^slow +0-1 \(2 times slower\)$/m);
  });

  it('reads who sends what from a file, and says what it made of it', async () => {
    const file = join(folder, 'traffic.csv');
    writeFileSync(
      file,
      Array.from({ length: 16 }, (_, from) =>
        Array.from({ length: 16 }, (_, to) => (from === to ? 0 : to === 5 ? 1e6 : 1e3)).join(','),
      ).join('\n'),
    );
    const own = await answer('--topology', 'torus:4x4', '--op', 'all-to-all', '--traffic', file);
    expect(own.traffic).toMatchObject({ scaled: false, totalBytes: 15e6 + 225e3 });
    const scaled = await answer(...ON_GRID, '--traffic', file);
    expect(scaled.bytesPerDevice).toBe(64 * 2 ** 20);
    expect(scaled.seconds).toBeGreaterThan(own.seconds);
    expect((await say(...ON_GRID, '--traffic', file, '--no-page')).out).toMatch(/^traffic .*largest sender/m);
  });
});

describe('files of collective', () => {
  it('are a result with every link, and a page that report can write again', async () => {
    const out = join(folder, 'both');
    const { exitCode, out: text } = await say(...ON_GRID, '--out', out);
    expect(exitCode).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['index.html', 'result.json']);
    const stored = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
    expect(stored.links.rows.length).toBe(64);
    expect(text).toMatch(new RegExp(`^page +${join(out, 'index.html')}$`, 'm'));
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    rmSync(join(out, 'index.html'));
    const listener = listen();
    expect(await main(['node', 'switchyard', 'report', join(out, 'result.json'), '--json'], listener.io)).toBe(0);
    expect(JSON.parse(listener.out())).toMatchObject({ collectives: 1, results: 0 });
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toBe(page);
  });

  it('are none with --no-page, and the result alone where a folder is named', async () => {
    const out = join(folder, 'result-alone');
    await say(...ON_GRID, '--no-page', '--out', out);
    expect(readdirSync(out)).toEqual(['result.json']);
    expect((await say(...ON_GRID, '--no-page')).out).not.toMatch(/^page/m);
  });

  it('leave no folder behind when the request is refused', async () => {
    const out = join(folder, 'refused');
    expect((await say(...ON_GRID, '--root', '3', '--out', out)).exitCode).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('wrong options of collective', () => {
  const wide = ['--topology', 'tpu-v4:4x4x4', '--op', 'all-to-all', '--bytes', '1MiB'];
  it.each<[string[], string[]]>([
    [[], ['E_USAGE --topology', 'E_USAGE --op']],
    [['--topology', 'torus:4x4', '--op', 'all-reduce'], ['E_OPTION_FIT --bytes']],
    [
      ['--topology', 'torus:4x4', '--op', 'alltoall', '--bytes', '64Mb', '--network', 'fluids', '--routing', 'balance'],
      [
        'E_COLLECTIVE_UNKNOWN --op',
        'did you mean all-to-all?',
        'E_NETWORK_UNKNOWN --network',
        'did you mean fluid?',
        'E_ROUTING --routing',
        'did you mean balanced?',
        'E_QUANTITY --bytes',
        'did you mean 64MB?',
      ],
    ],
    [['--topology', 'torus:4', '--op', 'all-reduce', '--bytes', '0'], ['E_RANGE --bytes']],
    [['--topology', 'torus:4', '--op', 'all-reduce', '--bytes', '-1MiB'], ['E_RANGE --bytes']],
    [['--topology', 'torus:4', '--op', 'all-reduce', '--bytes', '2TiB'], ['E_RANGE --bytes']],
    [['--topology', 'tpu-v44:4x4x4', '--op', 'all-reduce', '--bytes', '1MiB'], ['E_TOPOLOGY']],
    [
      ['--topology', 'torus:4xx4', '--op', 'al-reduce', '--bytes', '1MiB'],
      ['E_GRID', 'E_COLLECTIVE_UNKNOWN'],
    ],
    [[...wide, '--twisted'], ['E_TWIST']],
    [[...wide, '--slices', 'two'], ['E_USAGE --slices']],
    [[...wide, '--slices', '0'], ['E_SLICES']],
    [[...wide, '--axes', 'w'], ['E_OPTION_FIT --axes']],
    [
      [...wide, '--break-link', '0-9'],
      ['E_LINK', 'no wire joins the two'],
    ],
    [[...wide, '--break-link', '0:9'], ['E_LINK --break-link']],
    [
      [...wide, '--break-link', '0,0-0,1'],
      ['E_LINK --break-link', '3 coordinates'],
    ],
    [
      [...wide, '--slow-link', '0-1'],
      ['E_LINK --slow-link', '0-1:2'],
    ],
    [
      [...wide, '--slow-link', '0-1:1e30'],
      ['E_LINK --slow-link', 'how many times slower'],
    ],
    [
      [...wide, '--slow-link', '0-1:0.5'],
      ['E_LINK', 'factor of at least 1'],
    ],
    [
      [...wide, '--break-link', '0-1', '--break-link', '1-0'],
      ['E_LINK', 'named once'],
    ],
    [
      ['--topology', 'line:4', '--op', 'all-reduce', '--bytes', '1MiB', '--break-link', '1-2'],
      ['E_LINKS_CUT', 'cut off 2 of 4'],
    ],
    [[...wide, '--routing', 'all-orders', '--break-link', '0-1'], ['E_ROUTING']],
    [
      [...wide, '--root', '1', '--shift', '1'],
      ['E_OPTION_FIT --root', 'E_OPTION_FIT --shift'],
    ],
    [
      ['--topology', 'ring:8', '--op', 'broadcast', '--bytes', '1MiB', '--root', '8'],
      ['E_RANGE --root', '0 to 7'],
    ],
    [
      ['--topology', 'ring:8', '--op', 'permute', '--bytes', '1MiB', '--shift', '8'],
      ['E_RANGE --shift', '1 to 7'],
    ],
    [
      [...wide, '--traffic', 'nowhere.csv'],
      ['E_FILE --traffic', 'no such file'],
    ],
    [['--topology', 'torus:4', '--op', 'all-reduce', '--bytes', '1MiB', '--traffic', 'nowhere.csv'], ['E_FILE --traffic']],
    [
      [...wide, '--link-bandwidth', '50', '--hop-latency', '1'],
      ['E_QUANTITY --link-bandwidth', 'E_QUANTITY --hop-latency'],
    ],
    [[...wide, '--chunk', 'small'], ['E_QUANTITY --chunk']],
  ])('%j: exit code 2, all at once', async (args, texts) => {
    const { exitCode, out, err } = await say(...args, '--no-page');
    expect([exitCode, out]).toEqual([2, '']);
    for (const text of texts) expect(err).toContain(text);
    expect(err.trimEnd().split('\n').length).toBe(texts.filter((text) => text.startsWith('E_')).length + 1);
  });

  it('hop is refused before it takes all memory, with what helps', async () => {
    const { exitCode, err } = await say(
      '--topology',
      'torus:16x16x16',
      '--op',
      'all-to-all',
      '--bytes',
      '1MiB',
      '--network',
      'hop',
      '--no-page',
    );
    expect(exitCode).toBe(2);
    expect(err).toMatch(/E_(?:NETWORK|SCHEDULE)_SIZE/);
    expect(err).toContain('fluid');
  });
});

describe('small faults of collective', () => {
  const SUM = ['--op', 'all-reduce', '--bytes', '1MiB', '--no-page'];
  it.each([
    [['all-reduce'], 'write --op all-reduce'],
    [['--topology', 'tpu-v4:4x4x4*3', '--slices', '4', ...SUM], 'E_OPTION_FIT --slices: 4; tpu-v4:4x4x4*3 says 3 slices'],
    [['--topology', 'torus:4x4', '--axes', 'q', ...SUM], 'E_OPTION_FIT --axes: "q"'],
    [['--topology', 'tpu-v4:4x4x4', '--twisted', ...SUM], 'E_TWIST --twisted: '],
    [['--topology', 'tpu-v4:4x4x4_twisted', ...SUM], 'E_TWIST --topology: '],
    [['--topology', 'torus:4x4', '--op', 'all-reduce', '--bytes', '1.5'], 'must be whole bytes'],
  ])('%j says what to write', async (args, message) => {
    const { exitCode, err } = await say(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });

  it('equal counts of slices may be said twice, and few bytes have no ratio', async () => {
    expect((await say('--topology', 'tpu-v4:4x4x4*2', '--slices', '2', ...SUM)).exitCode).toBe(0);
    const { out } = await say('--topology', 'torus:4x4', '--op', 'all-reduce', '--bytes', '1', '--no-page');
    expect(out.replaceAll(/\n */g, ' ')).toContain('latency alone is more than that');
  });
});

describe('a bound that is loose by nature', () => {
  it.each([
    ['torus:4x4', 'permute', 'The bound counts every link of a cut'],
    ['mesh:4x4', 'all-reduce', 'The bound adds up the links of all chips'],
    ['torus:4x4', 'all-reduce', null],
    ['mesh:2x2', 'all-reduce', null],
    ['mesh:4x4', 'all-gather', null],
  ])('%s %s rests on what the bound counts: %s', async (topology, op, sentence) => {
    const { out } = await say('--topology', topology, '--op', op, '--bytes', '1MiB', '--no-page');
    expect(out.match(/The bound [a-z ]+/g) ?? []).toEqual(sentence === null ? [] : [sentence]);
  });
});
