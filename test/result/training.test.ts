import { describe, expect, it } from 'vitest';
import { formatSummary, isIssues, readStored, summariseTraining, trainingFigures } from '../../src/result/index.ts';
import { sampleTraining } from '../report/sample-training.ts';

type Loose = Record<string, unknown>;

const stored = (): Loose => JSON.parse(JSON.stringify(sampleTraining({ steps: 20 })));
const issuesOf = (value: unknown) => {
  const answer = readStored(value);
  return isIssues(answer) ? answer : [];
};

describe('readStored, of a training run', () => {
  it('takes what a run wrote', () => {
    expect(readStored(stored())).toEqual({ kind: 'training', training: stored() });
    expect(issuesOf({ ...stored(), addedLater: 1 })).toEqual([]);
    expect(issuesOf(JSON.parse(JSON.stringify({ ...sampleTraining({ layers: [] }), evaluations: [], shrunkFrom: '8x8' })))).toEqual([]);
  });

  const parts = Object.keys(stored()).filter((key) => key !== 'schema');
  it('knows every part of a result', () => expect(parts).toHaveLength(18));

  // What may be null is missing all the same.
  it.each(parts.filter((key) => key !== 'shrunkFrom'))('misses %s', (path) => {
    const value = stored();
    delete value[path];
    expect(issuesOf(value)[0]).toMatchObject({ code: 'E_RESULT', path, value: 'missing' });
  });

  it.each([
    ['a loss that is no number', { losses: [null] }, 'losses.0', 'must be a finite number'],
    ['a text without a name', { texts: [{ ...sampleTraining().texts[0], name: 3 }] }, 'texts.0.name', 'must be text'],
    ['an evaluation of one number', { evaluations: [2] }, 'evaluations.0', 'must be an object'],
    ['bytes of one count', { bytes: { 'all-to-all': { expert: 5 } } }, 'bytes.all-to-all.expert', 'must be an object'],
    [
      'a dense scenario without a layout',
      { scenario: { ...sampleTraining().scenario, layout: 0 } },
      'scenario.layout',
      'must be an object',
    ],
    ['an older scheme', { schema: 'switchyard/training/0' }, 'schema', 'must be switchyard/result/2'],
  ])('refuses %s', (_, change, path, rule) => {
    const [issue] = issuesOf({ ...stored(), ...change });
    expect(issue).toMatchObject({ code: 'E_RESULT', path });
    expect(issue.rule).toContain(rule);
  });

  it('refuses curves of other lengths than the losses', () => {
    const { dropRates, zLosses } = sampleTraining({ steps: 20 });
    expect(issuesOf({ ...stored(), dropRates: dropRates.slice(1), zLosses: [...zLosses, 0] })).toMatchObject([
      { path: 'zLosses', value: '21 entries', rule: 'must have one for each step, 20' },
      { path: 'dropRates', value: '19 entries', rule: 'must have one for each step, 20' },
    ]);
  });

  it('refuses an evaluation of fewer texts, and maps that are no rectangles', () => {
    const value = sampleTraining({ steps: 20 });
    const [first, second] = value.layers;
    const layers = [
      { ...first, kept: first.kept.slice(1), keptOfTexts: first.keptOfTexts.slice(1) },
      { ...second, kept: second.kept.map((row, i) => (i === 2 ? row.slice(1) : row)), dropRates: [] },
    ];
    const evaluations = [{ ...value.evaluations[0], ofTexts: [1] }];
    expect(issuesOf(JSON.parse(JSON.stringify({ ...value, layers, evaluations }))).map(({ path, rule }) => [path, rule])).toEqual([
      ['evaluations.0.ofTexts', 'must have one for each text, 3'],
      ['layers.0.kept', 'must have one for each sampled step, 20'],
      ['layers.0.keptOfTexts', 'must have one for each text, 3'],
      ['layers.1.dropRates', 'must have one for each step, 20'],
      ['layers.1.kept.2', 'must have one for each expert, 16'],
    ]);
  });
});

describe('the figures of a training run', () => {
  const ten = { ...sampleTraining({ steps: 30 }), dropRates: Array.from({ length: 30 }, (_, step) => step / 100) };

  it('mean the drops of the last tenth, at least of one step', () => {
    expect(trainingFigures(ten)).toMatchObject({ steps: 30, lateSteps: 3 });
    expect(trainingFigures(ten).lateDropRate).toBeCloseTo(0.28, 12);
    const few = { ...sampleTraining({ steps: 2 }), dropRates: [0.4, 0.2] };
    expect(trainingFigures(few)).toMatchObject({ lateSteps: 1, lateDropRate: 0.2 });
    expect(trainingFigures(sampleTraining({ steps: 0 }))).toMatchObject({ steps: 0, lateDropRate: 0, simulatedSeconds: 0 });
  });

  it('count the rows of bytes that differ', () => {
    expect(trainingFigures(ten)).toMatchObject({ differing: 0 });
    expect(trainingFigures({ ...ten, bytes: { shift: { context: { counted: 1, predicted: 2 } } } })).toMatchObject({
      differing: 1,
      bytes: [{ collective: 'shift', axis: 'context', counted: 1, predicted: 2 }],
    });
  });
});

describe('the summary of a training run', () => {
  const run = {
    ...sampleTraining({ steps: 20 }),
    evaluations: [
      { step: 10, crossEntropy: 3, ofTexts: [2.5, 3, 3.5] },
      { step: 20, crossEntropy: 2, ofTexts: [1.5, 2, 2.5] },
    ],
  };
  const rowOf = (result: typeof run, label: string) => summariseTraining(result).find((row) => row.label.trim() === label);

  it('says what was learned, dropped, moved and simulated, in lines of a terminal', () => {
    expect(rowOf(run, 'held-out loss')).toEqual({
      label: 'held-out loss',
      value: '2.000',
      note: 'nats a byte, 2.885 bits; 3.000 after step 10',
    });
    expect(rowOf(run, 'sqlite')).toMatchObject({ value: '2.500', note: '3.607 bits' });
    expect(rowOf(run, 'loss')?.value).toBe((run.crossEntropies.at(-1) ?? 0).toFixed(3));
    expect(rowOf(run, 'simulated time')).toMatchObject({ value: '84.0 ms', note: 'on 32 cores, 4x4' });
    expect(rowOf(run, 'bytes between cores')).toMatchObject({ value: '67.1 MB', note: 'a step, as predicted in all 3 rows' });
    expect(rowOf(run, 'fingerprint')?.note).toBe(run.fingerprint);
    expect(rowOf(run, 'skipped batches')).toBeUndefined();
    // Nothing is cut.
    for (const line of formatSummary(summariseTraining(run))) expect(line).not.toContain('…');
    expect(rowOf({ ...run, dropRates: [0.5, 0.25] } as typeof run, 'dropped choices')).toMatchObject({
      value: '37.5 %',
      note: 'over the last 2 steps; 50.0 % in the first',
    });
  });

  it('says loudly what is wrong', () => {
    const wrong = { ...run, skippedBatches: [4], bytes: { shift: { context: { counted: 1, predicted: 2 } } } };
    expect(rowOf(wrong as unknown as typeof run, 'bytes between cores')?.note).toContain('NOT AS PREDICTED in 1 of 1 row');
    expect(rowOf({ ...run, skippedBatches: [4] as never }, 'skipped batches')?.value).toBe('1');
  });

  it('leaves out what there is none of', () => {
    const labels = summariseTraining({ ...sampleTraining({ layers: [], texts: ['kjv'] }), evaluations: [], bytes: {} }).map(
      ({ label }) => label,
    );
    expect(labels).toEqual(['loss', 'simulated time', 'wall time', 'bytes between cores', 'texts', 'fingerprint']);
  });
});
