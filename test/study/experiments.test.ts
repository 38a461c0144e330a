import { describe, expect, it } from 'vitest';
import type { Claim, ExperimentRun } from '../../src/result/index.ts';
import { divergedRow, judge, keptGains, runRow, summariseVariants } from '../../src/study/index.ts';
import { sampleTraining } from '../report/sample-training.ts';

const CURVE: ExperimentRun['curve'] = { steps: [], seconds: [], losses: [], dropRates: [] };

/** A variant with one loss for each seed. */
function variant(name: string, losses: readonly number[]) {
  const runs = losses.map(
    (heldOutLoss, seed): ExperimentRun => ({
      seed,
      fingerprint: '',
      measures: { heldOutLoss },
      divergedAt: null,
      curve: CURVE,
      choices: { texts: [], layers: [] },
    }),
  );
  return { name, settings: {}, runs };
}

const BY_HAND = summariseVariants([
  variant('dense', [3, 3.1, 2.9]),
  variant('sparse', [2.5, 2.6, 2.41]),
  variant('distilled', [2.8, 2.9, 2.7]),
  variant('noise', [3.4, 2.7, 2.95]),
]);

describe('a run in an experiment', () => {
  it('is read at its ends: means over a tenth of its steps, the last evaluation, the mean time of a step', () => {
    const result = sampleTraining({ steps: 40 });
    const { measures, curve, divergedAt } = runRow(5, result);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(measures.dropRate).toBeCloseTo(mean(result.dropRates.slice(36)), 12);
    expect(measures.firstDropRate).toBeCloseTo(mean(result.dropRates.slice(0, 4)), 12);
    expect(measures.heldOutLoss).toBe(result.evaluations.at(-1)?.crossEntropy);
    expect(measures.secondsPerStep).toBeCloseTo(0.0042, 12);
    expect([measures.divergence, divergedAt]).toEqual([0, null]);
    expect(curve.losses).toEqual(result.crossEntropies);
  });

  it('has no drop rate where nothing routes, and no held-out loss where nothing is held out', () => {
    const dense = runRow(1, { ...sampleTraining({ layers: [] }), evaluations: [] });
    expect(Object.keys(dense.measures).sort()).toEqual(['divergence', 'secondsPerStep']);
  });

  it('diverged where it ends above its first loss, or met no number', () => {
    const result = sampleTraining({ steps: 40 });
    const worse = { ...result, crossEntropies: result.crossEntropies.map((_, step) => 5 + step) };
    expect(runRow(1, worse).measures.divergence).toBe(1);
    expect(divergedRow(1, 17)).toMatchObject({ measures: { divergence: 1 }, divergedAt: 17 });
  });

  it('of many steps is drawn by means that together are those of all steps', () => {
    const result = sampleTraining({ steps: 640 });
    const { curve } = runRow(1, result);
    expect(curve.steps).toHaveLength(64);
    const whole = result.crossEntropies.reduce((sum, loss) => sum + loss, 0);
    expect(curve.losses.reduce((sum, loss) => sum + 10 * loss, 0)).toBeCloseTo(whole, 6);
  });
});

describe('variants', () => {
  it('are compared at the time at which the quickest ends', () => {
    const slow = sampleTraining({ steps: 40 });
    const quick = { ...slow, simulatedSeconds: slow.simulatedSeconds.map((seconds) => seconds / 2) };
    const runs = (result: typeof slow) => [1, 2].map((seed) => runRow(seed, result));
    const [first, second] = summariseVariants([
      { name: 'slow', settings: {}, runs: runs(slow) },
      { name: 'quick', settings: {}, runs: runs(quick) },
    ]);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(first.measures.lossAtEqualTime?.mean).toBeCloseTo(mean(slow.crossEntropies.slice(18, 20)), 12);
    expect(second.measures.lossAtEqualTime?.mean).toBeCloseTo(mean(slow.crossEntropies.slice(36)), 12);
  });

  it('have Student intervals over seeds', () => {
    const [dense] = BY_HAND;
    expect(dense.measures.heldOutLoss?.mean).toBeCloseTo(3, 12);
    expect(dense.measures.heldOutLoss?.interval[1]).toBeCloseTo(3 + (4.3026527 * 0.1) / Math.sqrt(3), 7);
  });
});

describe('a claim', () => {
  const claim = (of: string, than: string, is: Claim['is'] = 'lower', measure: Claim['measure'] = 'heldOutLoss') =>
    judge([{ variant: of, than, is, measure, source: 'by hand' }], BY_HAND)[0];

  it('is seen where the interval of differences seed by seed leaves 0 on its side', () => {
    expect(claim('sparse', 'dense')).toMatchObject({ verdict: 'seen', difference: { count: 3 } });
    expect(claim('dense', 'sparse', 'higher').verdict).toBe('seen');
  });

  it('is contradicted on the other side', () => {
    expect(claim('dense', 'sparse').verdict).toBe('contradicted');
    expect(claim('sparse', 'dense', 'higher').verdict).toBe('contradicted');
  });

  it('is not seen where 0 is within, also where nothing differs at all', () => {
    expect(claim('noise', 'dense').verdict).toBe('not seen at this size');
    expect(claim('dense', 'dense').verdict).toBe('not seen at this size');
  });

  it('is not measured where a run of either has no such number', () => {
    expect(claim('sparse', 'dense', 'lower', 'dropRate')).toMatchObject({ verdict: 'not measured', difference: null });
  });
});

describe('the share of a gain that is kept', () => {
  const kept = (of: string, best: string) =>
    keptGains([{ variant: of, with: best, without: 'dense', measure: 'heldOutLoss', source: 'by hand' }], BY_HAND)[0].kept;

  it('is that of the differences, seed by seed', () => {
    expect(kept('distilled', 'sparse')?.mean).toBeCloseTo((0.2 / 0.5 + 0.2 / 0.5 + 0.2 / 0.49) / 3, 12);
    expect(kept('sparse', 'sparse')).toMatchObject({ mean: 1, interval: [1, 1] });
    expect(kept('dense', 'sparse')?.mean).toBe(0);
  });

  it('is none where the seeds do not show the gain', () => {
    expect(kept('distilled', 'noise')).toBeNull();
    expect(kept('distilled', 'dense')).toBeNull();
  });
});
