import { describe, expect, it } from 'vitest';
import { compareResults, isIssues, METRIC_NAMES, METRICS, readStored, resultFingerprint } from '../../src/result/index.ts';
import { sampleResult } from './sample-result.ts';

const stored = (): Record<string, unknown> => JSON.parse(JSON.stringify(sampleResult()));
const issuesOf = (value: unknown) => {
  const answer = readStored(value);
  return isIssues(answer) ? answer : [];
};

describe('readStored', () => {
  it('takes what a run wrote', () => {
    const answer = readStored(stored());
    expect(answer).toMatchObject({ kind: 'result', result: { schema: 'switchyard/result/2' } });
    expect(answer).toMatchObject({ result: stored() });
  });

  it('takes keys that it does not know', () => expect(issuesOf({ ...stored(), addedLater: 1 })).toEqual([]));

  it('takes results of versions that did not measure their kernels, and of runs that could not', () => {
    const from = sampleResult().provenance;
    expect(from.kernelSpeed).toBeUndefined();
    const speed = { bf16: 101.5, f32: 70, limit: null };
    for (const kernelSpeed of [null, speed, { ...speed, limit: 113 }]) {
      expect(issuesOf({ ...stored(), provenance: { ...from, kernelSpeed } })).toEqual([]);
    }
    expect(issuesOf({ ...stored(), provenance: { ...from, kernelSpeed: { ...speed, bf16: 'fast' } } })).toMatchObject([
      { path: 'provenance.kernelSpeed.bf16', rule: 'must be a finite number' },
    ]);
  });

  it.each([
    ['text', 'switchyard'],
    ['null', null],
    ['a list', [1]],
    ['a number', 3],
  ])('refuses %s', (_, value) => {
    expect(issuesOf(value)).toMatchObject([{ code: 'E_RESULT', path: '', rule: 'must be an object' }]);
  });

  it('names both versions when the schema is another one', () => {
    const [issue] = issuesOf({ ...stored(), schema: 'switchyard/result/0' });
    expect(issue).toMatchObject({ code: 'E_RESULT', path: 'schema', value: '"switchyard/result/0"' });
    expect(issue.rule).toContain('switchyard/result/2');
    expect(issuesOf({})).toMatchObject([{ path: 'schema', value: 'missing' }]);
  });

  const top = Object.keys(stored()).filter((key) => key !== 'schema');
  const detail = Object.keys(sampleResult().detail);
  it('knows every part of a result', () => expect([top.length, detail.length]).toEqual([8, 10]));

  it.each([...top, ...detail.map((key) => `detail.${key}`)])('misses %s', (path) => {
    const value = stored();
    const keys = path.split('.');
    const holder = keys.length === 1 ? value : (value.detail as Record<string, unknown>);
    delete holder[keys[keys.length - 1]];
    expect(issuesOf(value)).toMatchObject([{ code: 'E_RESULT', path, value: 'missing' }]);
  });

  it('reports all wrong places at once, with their paths', () => {
    const value = stored();
    (value.metrics as Record<string, unknown>[])[3] = { name: 'speed', value: null, unit: 's', from: 'engine' };
    (value.provenance as Record<string, unknown>).threads = 'two';
    expect(issuesOf(value).map((issue) => issue.path)).toEqual(['metrics.3.name', 'metrics.3.value', 'provenance.threads']);
    expect(issuesOf(value)[1]).toMatchObject({ value: 'null', rule: 'must be a finite number' });
  });

  it('refuses a result without every metric once', () => {
    const { metrics } = sampleResult();
    expect(issuesOf({ ...stored(), metrics: [] })).toMatchObject([
      {
        code: 'E_RESULT',
        path: 'metrics',
        value: expect.stringMatching(/^no stepSeconds, no examplesPerSecond, .* more$/),
        rule: `must hold each of the ${METRIC_NAMES.length} metrics once`,
      },
    ]);
    expect(issuesOf({ ...stored(), metrics: metrics.slice(1) })).toMatchObject([{ path: 'metrics', value: 'no stepSeconds' }]);
    expect(issuesOf({ ...stored(), metrics: [...metrics, metrics[0], metrics[0]] })).toMatchObject([{ value: 'stepSeconds 3 times' }]);
  });

  it('refuses a comparison with such a variant, and takes it when whole', () => {
    const { scenario, metrics, detail, provenance } = sampleResult();
    const run = { vary: { 'routing.router': 'switch-top1' }, scenario, metrics, breakdown: detail.breakdown };
    const drawn = [{ droppedTokenFraction: 0.05, maxOverMeanExpertLoad: 1.1, choicesPerToken: 1 }];
    const input = { name: 'two', question: '', runs: [{ ...run, drawn }], seeds: [7], warnings: [], provenance };
    const comparison = compareResults(input);
    expect(readStored(comparison)).toMatchObject({ kind: 'comparison' });
    const [variant] = comparison.variants;
    expect(issuesOf({ ...comparison, variants: [variant, { ...variant, metrics: [] }] })).toMatchObject([{ path: 'variants.1.metrics' }]);
  });

  it('stops after a screenful', () => {
    const value = { ...stored(), metrics: Array.from({ length: 500 }, () => 'x') };
    expect(issuesOf(value).length).toBe(12);
  });
});

describe('resultFingerprint', () => {
  const result = sampleResult();

  it('does not see provenance or the order of keys', () => {
    const turned = Object.fromEntries(Object.entries(result).reverse());
    expect(resultFingerprint({ ...turned, provenance: { threads: 3 } })).toBe(result.fingerprint);
    expect(result.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('sees any other part, and what is beside the JSON', () => {
    const prints = [
      resultFingerprint({ ...result, warnings: [] }),
      resultFingerprint({ ...result, detail: { ...result.detail, assumptions: [] } }),
      resultFingerprint(result, ['trace']),
      resultFingerprint(result, ['load']),
    ];
    expect(new Set([...prints, result.fingerprint]).size).toBe(5);
  });

  it('survives being stored', () => expect(resultFingerprint(stored())).toBe(result.fingerprint));
});

describe('METRICS', () => {
  it('defines every metric, each in words of its own', () => {
    expect(Object.keys(METRICS)).toEqual([...METRIC_NAMES]);
    expect(new Set(Object.values(METRICS).map((metric) => metric.definition)).size).toBe(METRIC_NAMES.length);
    for (const { title, definition, formula, origin } of Object.values(METRICS)) {
      for (const words of [title, definition, formula, origin]) expect(words.length).toBeGreaterThan(2);
    }
  });
});
