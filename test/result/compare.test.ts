import { describe, expect, it } from 'vitest';
import { compareResults, isIssues, METRIC_NAMES, metricsFrom, metricValue, readStored, type VariantRun } from '../../src/result/index.ts';
import { SCENARIO, sampleResult, VALUES } from './sample-result.ts';

const { detail, provenance } = sampleResult();
const SEEDS = [1, 2, 3, 4, 5];
const drawn = (shift: number): VariantRun['drawn'] =>
  SEEDS.map((seed) => ({
    droppedTokenFraction: 0.01 * seed + shift,
    maxOverMeanExpertLoad: 1.5 + 0.1 * seed + 10 * shift,
    choicesPerToken: 1 + shift,
  }));

const run = (router: string, values: Partial<typeof VALUES>, shift: number): VariantRun => ({
  vary: { 'routing.router': router },
  scenario: SCENARIO,
  metrics: metricsFrom({ ...VALUES, ...values }),
  breakdown: detail.breakdown,
  drawn: drawn(shift),
});

const input = {
  name: 'top1-vs-top2',
  question: 'What does a second expert cost?',
  runs: [run('switch-top1', {}, 0), run('gshard-top2', { stepSeconds: 1.2, allToAllBytesPerDevice: 2.2e9 }, 0.02)],
  seeds: SEEDS,
  warnings: [],
  provenance,
};

describe('compareResults', () => {
  const comparison = compareResults(input);

  it('gives each later variant its ratios to the first', () => {
    expect(comparison.ratios.map((row) => row.vary)).toEqual([{ 'routing.router': 'gshard-top2' }]);
    const { ratios } = comparison.ratios[0];
    expect(Object.keys(ratios)).toEqual([...METRIC_NAMES]);
    expect(ratios.stepSeconds).toBeCloseTo(1.5, 12);
    expect(ratios.allToAllBytesPerDevice).toBeCloseTo(2, 12);
    expect(ratios.mfu).toBe(1);
  });

  it('leaves a ratio to nothing out', () => {
    const dense = compareResults({ ...input, runs: [run('switch-top1', { allToAllBytesPerDevice: 0 }, 0), input.runs[1]] });
    expect(dense.ratios[0].ratios).not.toHaveProperty('allToAllBytesPerDevice');
    expect(dense.ratios[0].ratios).toHaveProperty('stepSeconds');
  });

  it('pairs drawn metrics by seed: a constant shift has an interval of no width', () => {
    const [drops, load] = comparison.paired;
    expect(comparison.paired.length).toBe(2);
    expect([drops.metric, drops.seeds]).toEqual(['droppedTokenFraction', 5]);
    expect(drops.mean).toBeCloseTo(0.02, 12);
    expect(drops.interval[1] - drops.interval[0]).toBeLessThan(1e-12);
    expect(load.mean).toBeCloseTo(0.2, 12);
  });

  it('gives the drawn metrics, and only them, an interval over seeds', () => {
    const metrics = comparison.variants[0].metrics;
    expect(metrics.filter((metric) => metric.interval !== undefined).map((metric) => metric.name)).toEqual([
      'droppedTokenFraction',
      'maxOverMeanExpertLoad',
      'choicesPerToken',
    ]);
    const dropped = metrics.find((metric) => metric.name === 'droppedTokenFraction');
    const [low, high] = dropped?.interval ?? [];
    // Mean 0.03, deviation 0.0158, t(4) = 2.776: half the width is 0.0196.
    expect(low).toBeCloseTo(0.03 - 0.01963, 4);
    expect(high).toBeCloseTo(0.03 + 0.01963, 4);
    expect(dropped?.value).toBeCloseTo(0.03, 12);
    expect(metricValue(comparison.variants[1].metrics, 'maxOverMeanExpertLoad')).toBeCloseTo(2, 12);
    expect(comparison.ratios[0].ratios.droppedTokenFraction).toBeCloseTo(0.05 / 0.03, 12);
  });

  it('says nothing about differences from a single seed', () => {
    const runs = input.runs.map((one) => ({ ...one, drawn: one.drawn.slice(0, 1) }));
    const single = compareResults({ ...input, runs, seeds: [1] });
    expect(single.paired).toEqual([]);
    expect(single.variants[0].metrics.every((metric) => metric.interval === undefined)).toBe(true);
  });

  it('is a stored comparison that can be read back', () => {
    const stored = readStored(JSON.parse(JSON.stringify(comparison)));
    expect(isIssues(stored)).toBe(false);
    expect(stored).toMatchObject({ kind: 'comparison', comparison: { name: 'top1-vs-top2' } });
  });

  it('keeps its fingerprint when only the provenance moves, and loses it with any metric', () => {
    const elsewhere = compareResults({ ...input, provenance: { ...provenance, threads: 7 } });
    expect(elsewhere.fingerprint).toBe(comparison.fingerprint);
    const moved = compareResults({ ...input, runs: [input.runs[0], run('gshard-top2', { stepSeconds: 1.2000000001 }, 0.02)] });
    expect(moved.fingerprint).not.toBe(comparison.fingerprint);
  });

  it('refuses variants that were drawn with other seeds', () => {
    expect(() => compareResults({ ...input, seeds: [1, 2] })).toThrow(/5 draws for 2 seeds/);
  });
});
