import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/emulate/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { renderPage } from '../../src/report/index.ts';
import { type Comparison, readStored } from '../../src/result/index.ts';
import { runComparison } from '../../src/study/index.ts';
import { plainExecutor } from '../emulate/support.ts';

const TINY = readFileSync('scenarios/tiny.yaml', 'utf8');

/** Runs so many emulations and fails in the next one. */
function failingAfter(runs: number): Executor {
  let left = runs;
  const run: Executor['run'] = (job, onProgress) =>
    left-- > 0 ? plainExecutor.run(job, onProgress) : Promise.reject(new Error('a thread ended'));
  return { ...plainExecutor, run };
}

function compare(vary: string, executor: Executor, seeds: number, onFinished?: (finished: Comparison) => void): Promise<Comparison> {
  const { variants, chip } = parseScenario('scenarios/tiny.yaml', `${TINY}vary: ${vary}\n`);
  return runComparison({
    name: 'tiny',
    question: '',
    variants,
    chip,
    seeds,
    executor,
    onFinished,
    warnings: [],
    provenance: { version: 'test', node: 'test', startedAt: 'test' },
    clock: () => 0,
  });
}

/** Both variants share their scores: one emulation for each seed. */
const ROUTERS = '{ routing.router: [switch-top1, gshard-top2] }';
/** They do not: two emulations for each seed. */
const PRECISIONS = '{ precision.router: [f32, bf16] }';

describe('a comparison that fails', () => {
  it('has handed over what it would have been with the seeds that were finished', async () => {
    const finished: Comparison[] = [];
    await expect(compare(ROUTERS, failingAfter(3), 5, (comparison) => finished.push(comparison))).rejects.toThrow('a thread ended');
    expect(finished.map(({ seeds }) => seeds.length)).toEqual([1, 2, 3]);
    const three = await compare(ROUTERS, failingAfter(3), 3);
    expect(finished[2]).toEqual(three);
    expect(finished[2].fingerprint).toBe(three.fingerprint);
  });

  it('has handed over the variants that were finished, when it fails under the first seed', async () => {
    const finished: Comparison[] = [];
    await expect(compare(PRECISIONS, failingAfter(1), 2, (comparison) => finished.push(comparison))).rejects.toThrow('a thread ended');
    expect(finished.map(({ variants }) => variants.map(({ vary }) => vary))).toEqual([[{ 'precision.router': 'f32' }]]);
    const stored: unknown = JSON.parse(JSON.stringify(finished[0]));
    expect(readStored(stored)).toEqual({ kind: 'comparison', comparison: stored });
    const page = renderPage({
      results: [],
      comparison: finished[0],
      script: { text: '', sha256Base64: createHash('sha256').digest('base64') },
    });
    expect(page).toContain('tiny');
  });

  it('under a later seed keeps to whole seeds', async () => {
    const finished: Comparison[] = [];
    await expect(compare(PRECISIONS, failingAfter(3), 2, (comparison) => finished.push(comparison))).rejects.toThrow('a thread ended');
    expect(finished.map(({ variants, seeds }) => [variants.length, seeds.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });
});
