import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadContrasts, shippedContrasts } from '../../src/intake/index.ts';
import { simulateStep } from '../../src/study/index.ts';
import { type Contrast, contrastTolerance, LEVEL_TOLERANCE, type PublishedRecord, validateRecords } from '../../src/validation/index.ts';
import { absoluteErrors, scoreContrast, scoreLevel } from '../../src/validation/score.ts';
import { CHIPS, changed, RECORDS, record, replayed } from './support.ts';

const T5 = 'switch-t1-t5-base';
const validation = validateRecords({ records: RECORDS, contrasts: shippedContrasts(), chips: CHIPS, wrap: 'both' });

/** The record with its step time, and what follows from it, scaled. */
function withSeconds(one: PublishedRecord, stepSecondsDerived: number): PublishedRecord {
  const examplesPerSecond = (one.batch.sequences ?? 0) / stepSecondsDerived;
  return { ...one, stepSecondsDerived, measured: { ...one.measured, examplesPerSecond } };
}

describe('the shipped records', () => {
  it('all have a row, a prediction and no excuse', () => {
    expect(validation.rows.map(({ id }) => id)).toEqual(RECORDS.map(({ id }) => id));
    expect(Object.keys(validation.predictions)).toEqual(RECORDS.map(({ id }) => id));
    expect(validation.skipped).toEqual([]);
    expect(validation.contrasts.map(({ id }) => id)).toEqual(shippedContrasts().map(({ id }) => id));
  });

  it('are predicted by the emulator, and the terms add up to the step', () => {
    const { scenario } = replayed(record(T5));
    const { trace } = simulateStep(scenario, CHIPS['tpu-v3'], null);
    const { stepSeconds, mfu, terms } = validation.predictions[T5];
    expect(stepSeconds).toBe(trace.step / 1e12);
    expect(Object.values(terms).reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(stepSeconds, 10);
    expect(mfu).toBeGreaterThan(0);
    expect(mfu).toBeLessThan(1);
    expect(validation.predictions['switch-t1-switch-base-cf1.0'].terms['all-to-all']).toBeGreaterThan(0);
  });

  it('are judged open, as the chip is wired by default; rings are never slower', () => {
    for (const { seconds, judged, wrap } of validation.rows) {
      expect(judged).toBe('assumed');
      expect(wrap).toEqual([false, false]);
      expect(seconds.assumed).toBe(seconds.open);
      expect(seconds.closed).toBeLessThanOrEqual(seconds.open ?? 0);
    }
  });

  it('state ratios that are those of their records', () => {
    for (const contrast of validation.contrasts) {
      const printed = shippedContrasts().find(({ id }) => id === contrast.id)?.value ?? 0;
      expect(contrast.published).toBeCloseTo(printed, 3);
    }
  });
});

describe('a summary', () => {
  it('passes when the records hold what is simulated, and fails when one moves out of its tolerance', () => {
    const exact = RECORDS.map((one) => withSeconds(one, validation.predictions[one.id].stepSeconds));
    const validate = (records: readonly PublishedRecord[], contrasts: readonly Contrast[] = shippedContrasts()) =>
      validateRecords({ records, contrasts, chips: CHIPS, wrap: 'open' }).summary;
    expect(validate(exact)).toMatchObject({ passed: true, levelsOutside: 0, contrastsOutside: 0 });
    expect(validate(exact).levels.worst).toBeCloseTo(0, 9);
    const off = exact.map((one) => (one.id === T5 ? withSeconds(one, 2 * (one.stepSecondsDerived ?? 0)) : one));
    expect(validate(off)).toMatchObject({ passed: false, levelsOutside: 1 });
    expect(validate(off).contrastsOutside).toBeGreaterThan(0);
    const doubtful = off.map((one) => (one.id === T5 ? { ...one, doubtful: true } : one));
    expect(validate(doubtful)).toMatchObject({ passed: true, levelsOutside: 0, contrastsOutside: 0 });
  });

  it('compares steps of equally many tokens where the batch was printed in tokens', () => {
    // 24,576 tokens on a data axis of 32 become 32 sequences of 1,024, a third more.
    const batch = { sequences: null, sequenceLength: null, targetLength: null, tokensPerStep: 24_576 };
    const one = changed(T5, { batch, stepSecondsDerived: 1, measured: { examplesPerSecond: null } });
    const contrast: Contrast = { id: 'c', a: T5, b: 'other', metric: 'tokensPerSecondPerChip', meaning: '', value: 1, direction: 'a~b' };
    // Twice the tokens, so no rounding: 64 sequences, in twice the time.
    const other = { ...one, id: 'other', batch: { ...one.batch, tokensPerStep: 65_536 } };
    const { rows, contrasts, predictions } = validateRecords({ records: [one, other], contrasts: [contrast], chips: CHIPS, wrap: 'open' });
    const [simulated, exact] = [T5, 'other'].map((id) => predictions[id].stepSeconds);
    expect(rows[0].seconds.open).toBeCloseTo((simulated * 3) / 4, 12);
    expect(rows[0].deviation).toBeCloseTo((simulated * 3) / 4 - 1, 12);
    expect(rows[1].seconds.open).toBe(exact);
    expect(contrasts[0].predicted).toBeCloseTo(32_768 / simulated / (65_536 / exact), 9);
  });

  it('does not pass when there was nothing to look at', () => {
    const summary = validateRecords({ records: [], contrasts: [], chips: CHIPS, wrap: 'both' }).summary;
    expect(summary).toMatchObject({ passed: false, levels: { count: 0, median: null } });
  });

  it('lists what it could not look at', () => {
    const records = [changed(T5, { layout: { ici: { fsdp: 32 } } })];
    const { skipped, rows } = validateRecords({ records, contrasts: shippedContrasts(), chips: CHIPS, wrap: 'open' });
    expect(rows).toEqual([]);
    expect(skipped[0]).toEqual({ id: T5, reason: 'layout axis fsdp 32 is not modelled' });
    expect(skipped.slice(1).map(({ id }) => id)).toEqual(shippedContrasts().map(({ id }) => id));
  });

  it('predicts a record of which only ratios count, without holding its level against anything', () => {
    const records = [changed(T5, { replayable: 'ratio-only', stepSecondsDerived: null }), record('switch-t1-t5-large')];
    const { rows, contrasts } = validateRecords({ records, contrasts: shippedContrasts(), chips: CHIPS, wrap: 'open' });
    expect(rows[0]).toMatchObject({ verdict: 'unscored', deviation: null });
    expect(contrasts.find(({ id }) => id === 't5large-vs-t5base')?.published).toBeCloseTo(470 / 1600, 5);
  });
});

describe('scores', () => {
  const chip = CHIPS['tpu-v3'];

  it('are signed deviations of the step time, within up to the tolerance', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: -0.9, max: 3, noNaN: true }), (published, error) => {
        const score = scoreLevel(withSeconds(record(T5), published), published * (1 + error));
        expect(score.deviation).toBeCloseTo(error, 8);
        if (Math.abs(Math.abs(error) - LEVEL_TOLERANCE) > 1e-6) {
          expect(score.verdict).toBe(Math.abs(error) < LEVEL_TOLERANCE ? 'within' : 'outside');
        }
      }),
    );
  });

  it('take nothing that is not a number for right', () => {
    expect(scoreLevel(record(T5), Number.NaN).verdict).toBe('outside');
  });

  it('have tolerances that follow from the noise of published numbers', () => {
    expect(LEVEL_TOLERANCE).toBeCloseTo(0.15, 12);
    expect(contrastTolerance({})).toBeCloseTo(0.075, 12);
    expect(contrastTolerance({ noise: 0.1 })).toBeCloseTo(0.25, 12);
  });

  it('do not care for an error that both sides of a ratio share', () => {
    const contrast = shippedContrasts()[0];
    const side = (id: string, factor: number) => ({
      record: record(id),
      chip,
      predictedSeconds: factor * (record(id).stepSecondsDerived ?? 0),
    });
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), (factor) => {
        const score = scoreContrast(contrast, side(contrast.a, factor), side(contrast.b, factor));
        expect(score?.deviation).toBeCloseTo(0, 9);
        expect(score?.verdict).toBe('within');
      }),
    );
    const wrong = scoreContrast(contrast, side(contrast.a, 0.5), side(contrast.b, 1));
    expect(wrong).toMatchObject({ directionRight: false, verdict: 'outside' });
  });

  it('follow no metric that a step time does not give', () => {
    const side = { record: record(T5), chip, predictedSeconds: 1 };
    expect(scoreContrast({ ...shippedContrasts()[0], metric: 'negLogPerp' }, side, side)).toBeNull();
    const same = scoreContrast({ ...shippedContrasts()[0], metric: 'mfu', direction: 'a~b' }, side, side);
    expect(same).toMatchObject({ predicted: 1, published: 1, verdict: 'within' });
  });

  it('summarise absolute errors by median, mean and worst', () => {
    expect(absoluteErrors([-0.1, 0.4, 0.2])).toEqual({ count: 3, median: 0.2, mean: expect.closeTo(0.7 / 3, 12), worst: 0.4 });
    expect(absoluteErrors([0.1, -0.3]).median).toBeCloseTo(0.2, 12);
  });
});

it('contrasts name records that exist', () => {
  const ids = RECORDS.map(({ id }) => id);
  const contrasts = loadContrasts('data/published/contrasts.json');
  expect(contrasts.length).toBeGreaterThanOrEqual(4);
  for (const { a, b } of contrasts) expect(ids).toEqual(expect.arrayContaining([a, b]));
});
