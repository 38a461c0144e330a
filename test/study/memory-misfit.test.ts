import { describe, expect, it } from 'vitest';
import { closedForm } from '../../src/analytic/index.ts';
import { EXIT, InputError } from '../../src/base/index.ts';
import type { Executor } from '../../src/emulate/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { memoryMisfit, runComparison, runStudy } from '../../src/study/index.ts';
import { plainExecutor } from '../emulate/support.ts';

const BIG = 'topology: tpu-v3:2x2\nmodel: {preset: t5-large}\nworkload: {sequences: 256}\n';
const BIG_EXPERTS = 'topology: tpu-v3:1x1\nmodel: {preset: switch-base}\nworkload: {sequences: 512}\n';

/** Nothing may be routed. */
const idle: Executor = { ...plainExecutor, run: () => Promise.reject(new Error('routed')) };

const FACTS = { provenance: { version: '0', node: '0', startedAt: '' }, clock: () => 0, executor: idle, warnings: [], published: [] };

function load(text: string) {
  return parseScenario('a.yaml', text);
}

async function refusal(run: Promise<unknown>): Promise<InputError> {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InputError)) throw new Error(`no refusal but ${String(error)}`);
  return error;
}

describe('a step that does not fit', () => {
  it('is known with its largest parts and with changes that make it fit', () => {
    const { scenario, chip } = load(BIG);
    const misfit = memoryMisfit(scenario, chip);
    expect(misfit).toMatchObject({ capacityBytes: 2 ** 34, needBytes: closedForm(scenario, chip).memory.peakBytes });
    const sizes = misfit?.largest.map(({ bytes }) => bytes) ?? [];
    expect(sizes.length).toBe(3);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(misfit?.remedies.map(({ change }) => change)).toEqual([
      'workload.remat: full',
      'layout.microbatches: 2',
      expect.stringMatching(/^tpu-v3:(4x2|2x4) \(8 chips\)$/),
    ]);
    for (const { needBytes } of misfit?.remedies ?? []) expect(needBytes).toBeLessThanOrEqual(2 ** 34);
  });

  it('offers one change or another, each of which is enough', async () => {
    const { scenario, chip } = load(BIG);
    const { issues } = await refusal(runStudy({ ...FACTS, scenario, chip }));
    expect(issues[0].remedy).toMatch(/^use workload\.remat: full \([\d.]+ GiB\) or layout\.microbatches: 2 \([\d.]+ GiB\) or tpu-v3:/);
  });

  it.each([
    ['workload.remat: full', BIG.replace('256}', '256, remat: full}')],
    ['layout.microbatches: 2', `${BIG}layout: {microbatches: 2}\n`],
  ])('needs with %s what was said', (change, text) => {
    const { scenario, chip } = load(BIG);
    const changed = load(text);
    const remedy = memoryMisfit(scenario, chip)?.remedies.find((candidate) => candidate.change === change);
    expect(remedy?.needBytes).toBe(closedForm(changed.scenario, changed.chip).memory.peakBytes);
    expect(memoryMisfit(changed.scenario, changed.chip)).toBeNull();
  });

  it('is refused before anything is routed, with what to do', async () => {
    const { scenario, chip } = load(BIG_EXPERTS);
    const { issues, exitCode } = await refusal(runStudy({ ...FACTS, scenario, chip }));
    expect(exitCode).toBe(EXIT.infeasible);
    expect(issues.map(({ code }) => code)).toEqual(['E_MEMORY']);
    expect(issues[0].remedy).toMatch(/GiB\).*--ignore-memory/);
  });

  it('goes on to routing where memory is to be ignored', async () => {
    const { scenario, chip } = load(`${BIG_EXPERTS}ignoreMemory: true\n`);
    await expect(runStudy({ ...FACTS, scenario, chip })).rejects.toThrow('routed');
  });

  it('is set aside in a comparison, and a comparison of nothing else is refused', async () => {
    const { variants, chip, infeasible } = load(`${BIG}vary: {workload.remat: [none, full]}\n`);
    expect(infeasible).toEqual([]);
    const compared = await runComparison({ ...FACTS, name: 'a', question: '', variants, chip, seeds: 2 });
    expect(compared.variants.map(({ vary }) => vary)).toEqual([{ 'workload.remat': 'full' }]);
    expect(compared.infeasible).toEqual([
      { vary: { 'workload.remat': 'none' }, reasons: [expect.stringMatching(/^The step needs .* use workload\.remat: full/)] },
    ]);
    const none = runComparison({ ...FACTS, name: 'a', question: '', variants: variants.slice(0, 1), chip, seeds: 2 });
    expect((await refusal(none)).exitCode).toBe(EXIT.infeasible);
  });
});
