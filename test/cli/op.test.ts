import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { listen } from './listen.ts';

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', ...args], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

const V6E = ['op', 'matmul', '--chip', 'tpu-v6e', '--m', '256', '--k', '2048', '--n', '768'];

describe('op matmul', () => {
  it('gives the cost as JSON', async () => {
    const { exitCode, out } = await say(...V6E, '--json');
    const answer = JSON.parse(out);
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({ chip: 'tpu-v6e', dtype: 'bf16', dataflow: 'ws', boundBy: 'hbm', passes: 12, fitsHbm: true });
    expect(answer.flops).toBe(2 * 256 * 2048 * 768);
    expect(answer.hbmBytes).toBe(2 * (256 * 2048 + 2048 * 768 + 256 * 768));
    expect(answer.cyclesUnbuffered).toBe(8 * 3 * (2 * 256 + 256 + 256 - 2) - 1);
    expect(answer.mxuUtilisation).toBeCloseTo(answer.flops / (9.18e14 * answer.seconds), 12);
    expect(answer.share.source.length).toBeGreaterThan(8);
  });

  it('prints terms, utilisation over rows and the origin of the curve within 80 columns', async () => {
    const { out } = await say(...V6E, '--batch', '4', '--dtype', 'f32', '--dataflow', 'os');
    expect(out).toMatch(/^4 x \[256, 2048\] x \[2048, 768\] in f32 on one device of tpu-v6e\n/);
    expect(out).toMatch(/\n +m +time +utilisation +bound by\n +8 /);
    expect(out).toContain('share of the peak: from 8192^3 bf16');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('says when the matrices find no room', async () => {
    const { out } = await say('op', 'matmul', '--chip', 'tpu-v2', '--m', '100000', '--k', '100000', '--n', '100000');
    expect(out).toContain('do not fit into the HBM');
  });

  it.each([
    [['--chip', 'tpu-v6'], 'E_CHIP_UNKNOWN --chip: "tpu-v6"; must be one of', 'did you mean tpu-v6e?'],
    [['--m', '0'], 'E_RANGE --m: "0"; must be a whole number from 1', 'write digits only'],
    [['--k', '2.5'], 'E_RANGE --k: "2.5"', 'write digits only'],
    [['--n', '-3'], 'E_RANGE --n: "-3"', 'write digits only'],
    [['--batch', '9999999'], 'E_RANGE --batch: "9999999"', 'write digits only'],
    [['--chip', 'tpu-v3', '--dtype', 'int8'], 'E_DTYPE_RATE --dtype: "int8"; tpu-v3 must publish a rate', 'tpu-v5e'],
    [['--dtype', 'fp4'], 'E_USAGE', 'bf16, f32, int8'],
  ])('refuses %j', async (wrong, message, remedy) => {
    const { exitCode, out, err } = await say(...V6E, ...wrong);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toContain(remedy);
  });
});

describe('op matmul with several faults', () => {
  it('names all that is wrong at once, and all that is missing', async () => {
    const wrong = (await say('op', 'matmul', '--chip', 'v5e', '--m', '-1', '--k', '1.5', '--n', 'x')).err;
    for (const part of ['did you mean tpu-v5e?', '--m: "-1"', '--k: "1.5"', '--n: "x"', '4 errors']) expect(wrong).toContain(part);
    const missing = (await say('op', 'matmul', '--k', '4')).err;
    for (const path of ['--chip', '--m', '--n']) expect(missing).toContain(`E_USAGE ${path}: missing; must be given`);
  });
});

describe('validate --microbench', () => {
  it('prints points, reasons, curves and worked problems, and exits with 0', async () => {
    const { exitCode, out } = await say('validate', '--microbench');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/v7-product +4096x4096x4096 +154 µs +154 µs +\+0\.1 % {2}within\n/);
    expect(out).toMatch(/v7-copy +4 MiB .* outside\n/);
    expect(out).toContain('v2-product: 99.6 % of the published peak');
    expect(out).toMatch(/load-200b +seconds .* met\n/);
    expect(out).toContain('27 of 32 points within 10 %');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('gives the same as JSON', async () => {
    const report = JSON.parse((await say('validate', '--microbench', '--json')).out);
    expect(Object.keys(report)).toEqual(['curves', 'rows', 'within', 'outside', 'passed', 'workedProblems']);
    expect(report.rows.length).toBe(report.within + report.outside);
  });
});
