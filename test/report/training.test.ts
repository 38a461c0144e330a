import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChartSpec, type ChartView, type CurvesView, type HeatView, renderPage, renderTrainingPage } from '../../src/report/index.ts';
import { trainingArticle } from '../../src/report/training/article.ts';
import { MOST_POINTS, thinned } from '../../src/report/training/thin.ts';
import type { TrainingResult } from '../../src/result/index.ts';
import { type SampleTraining, sampleTraining } from './sample-training.ts';

const SCRIPT = { text: 'document.title;', sha256Base64: 'A'.repeat(43).concat('=') };

const RUNS: Readonly<Record<string, TrainingResult>> = {
  'three texts': sampleTraining(),
  'one text, four experts': sampleTraining({ steps: 20, experts: 4, texts: ['kjv'], layers: [1] }),
  'many steps, 64 experts': sampleTraining({ steps: 5000, experts: 64 }),
  'many layers': sampleTraining({ steps: 700, layers: Array.from({ length: 12 }, (_, i) => 2 * i + 1) }),
  dense: sampleTraining({ layers: [] }),
  'one step': sampleTraining({ steps: 1 }),
  'nothing held out': withoutEvaluations(sampleTraining()),
  'no steps': withoutEvaluations({ ...sampleTraining({ steps: 0 }), bytes: {} }),
};

function withoutEvaluations(result: TrainingResult): TrainingResult {
  return { ...result, evaluations: [], layers: result.layers.map((layer) => ({ ...layer, keptOfTexts: [] })) };
}

function chart(result: TrainingResult, id: string): ChartSpec | undefined {
  return trainingArticle(result, 't').figures[`t-${id}`];
}

function view<View extends ChartView>(run: SampleTraining | TrainingResult, id: string, index = 0): View {
  const found = chart('schema' in run ? run : sampleTraining(run), id)?.views[index];
  if (found === undefined) throw new Error(`no view ${index} of ${id}`);
  return found as View;
}

describe.each(Object.entries(RUNS))('the page of a run: %s', (name, result) => {
  const { body, figures } = trainingArticle(result, 't0');

  test('says nothing that is not known, and links to what is there', () => {
    expect(body.html).not.toMatch(/\bNaN|undefined|Infinity|\[object/);
    if (name !== 'no steps') expect(body.html).not.toMatch(/not known/);
    const ids = [...body.html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of body.html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  test('has pictures whose numbers stand in their tables, an empty cell where there is none', () => {
    for (const spec of Object.values(figures)) {
      expect(spec.shows.length).toBeGreaterThan(10);
      for (const { finding, table } of spec.views) {
        expect(finding).not.toMatch(/NaN|undefined|not known|Infinity/);
        expect(table.rows.length).toBeGreaterThan(0);
        for (const row of table.rows) {
          expect(row).toHaveLength(table.columns.length);
          for (const cell of row) expect(typeof cell === 'string' || Number.isFinite(cell)).toBe(true);
        }
      }
    }
  });

  test('is small', () => expect(renderTrainingPage(result, SCRIPT).length).toBeLessThan(500_000));
});

test('the page of one run is that of a page with one run', () => {
  const result = RUNS['three texts'];
  expect(renderTrainingPage(result, SCRIPT)).toBe(renderPage({ results: [], trainings: [result], script: SCRIPT }));
  expect(renderTrainingPage(result, SCRIPT)).toContain('<title>sample-training, training – Switchyard</title>');
});

test('names in a result stay text', () => {
  const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&';
  const result = sampleTraining({ texts: ['<b>', hostile] });
  const texts = result.texts.map((text) => ({ ...text, source: hostile, licence: '<b>free' }));
  const page = renderTrainingPage({ ...result, texts, slice: hostile, warnings: [{ code: 'W', message: hostile }] }, SCRIPT);
  expect(page).not.toMatch(/<script>alert|<img|<b>free|on <b> and/);
  expect(page).toContain('&lt;b&gt;free');
  expect(page).toContain('on &lt;b&gt; and');
});

describe('numbers of a run', () => {
  const result = {
    ...sampleTraining({ steps: 20 }),
    evaluations: [
      { step: 10, crossEntropy: 3, ofTexts: [2.5, 3, 3.5] },
      { step: 20, crossEntropy: 2, ofTexts: [1.5, 2, 2.5] },
    ],
    dropRates: Array.from({ length: 20 }, (_, step) => (step === 18 ? 0.1 : step === 19 ? 0.05 : 0.5)),
    simulatedSeconds: Array.from({ length: 20 }, (_, step) => 0.25 * (step + 1)),
  };
  const { html } = trainingArticle(result, 't').body;

  test('stand in the headline: loss in nats and bits, drops of the last tenth, both times', () => {
    const answer = /<p class="answer">(.*?)<\/p>/.exec(html)?.[1].replace(/\u00a0/g, ' ') ?? '';
    expect(answer).toContain('2.000 nats or 2.885 bits a byte');
    expect(answer).toContain('<b>7.50 %</b> of the choices');
    expect(answer).toContain('<b>5 s</b> of simulated time');
    expect(answer).toContain('the emulation took 61.5 s');
    expect(answer).toContain('32 cores of tpu-v3 (4x4, data 32)');
    expect(answer).toContain('kjv, jargon and sqlite');
    expect(trainingArticle({ ...result, shrunkFrom: '8x8' }, 't').body.html).toContain('; the scenario has 8x8');
  });

  test('stand beside each text', () => {
    expect(html).toMatch(
      /<th scope="row">jargon<\/th><td class="">160 kB<\/td><td class="">9 kB<\/td><td class="">2\.000 \(2\.885 bits\)<\/td>/,
    );
    expect(html).toContain('a package of sqlite');
  });

  test('say when bytes are not as predicted, in words and by a sign', () => {
    expect(html).toContain('All 3 rows are as predicted');
    expect(html).not.toContain('≠');
    const bytes = { ...result.bytes, 'all-gather': { fsdp: { counted: 1000, predicted: 1024 } } };
    const other = trainingArticle({ ...result, bytes }, 't').body.html;
    expect(other).toContain('1 of 4 rows are not as predicted');
    expect(other).toContain('Bytes (1 differ)');
    expect(other).toMatch(/fsdp<\/td><td class="">1,000<\/td><td class="">1,024<\/td><td class="worse"><small><b>≠ differs by −24</);
  });

  test('name the batches that were skipped', () => {
    expect(html).toContain('None: every loss and every gradient was a number.');
    const skipped = trainingArticle({ ...result, skippedBatches: Array.from({ length: 42 }, (_, i) => i + 3) }, 't').body.html;
    expect(skipped).toContain('Batches 3, 4, 5');
    expect(skipped).toContain('42 and 2 more');
  });
});

describe('curves', () => {
  test('of the loss hold every batch of a short run, and evaluations at their steps, against steps and time', () => {
    const result = sampleTraining({ steps: 20 });
    const spec = chart(result, 'loss');
    expect(spec?.views.map((one) => (one as CurvesView).xAxis)).toEqual([
      { label: 'Step', unit: '' },
      { label: 'Simulated time', unit: 's' },
    ]);
    const { rows } = view<CurvesView>(result, 'loss').table;
    expect(rows.map((row) => row[2])).toEqual(result.crossEntropies);
    expect(rows.map((row) => row[1])).toEqual(result.simulatedSeconds);
    for (const { step, crossEntropy } of result.evaluations) expect(rows[step - 1][3]).toBe(crossEntropy);
    expect(rows.filter((row) => row[3] !== '')).toHaveLength(result.evaluations.length);
  });

  test('of the loss have a mean of the last batches where there are many', () => {
    const result = sampleTraining({ steps: 80 });
    const { columns, rows } = view<CurvesView>(result, 'loss').table;
    expect(columns[3].label).toBe('Mean of the last 2 batches');
    const [a, b] = result.crossEntropies.slice(-2);
    expect(rows[79][3]).toBeCloseTo((a + b) / 2, 12);
    expect(rows[0][3]).toBe(result.crossEntropies[0]);
  });

  test('begin at time 0 where untrained weights were looked at', () => {
    const result = sampleTraining({ steps: 20 });
    const evaluations = [{ step: 0, crossEntropy: 5.6, ofTexts: [5.6, 5.6, 5.6] }, ...result.evaluations];
    expect(view<CurvesView>({ ...result, evaluations }, 'loss').table.rows[0]).toEqual([0, 0, '', 5.6]);
  });

  test('of many steps are thinned, keep an extreme step, and say so', () => {
    const result = sampleTraining({ steps: 5000 });
    const crossEntropies = result.crossEntropies.map((loss, step) => (step === 3333 ? 99 : loss));
    const spec = chart({ ...result, crossEntropies }, 'loss');
    const rows = spec?.views[0].table.rows ?? [];
    const drawn = rows.filter((row) => row[2] !== '');
    expect(drawn.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(drawn.map((row) => row[0])).toEqual(expect.arrayContaining([1, 3334, 5000]));
    expect(rows.filter((row) => row[4] !== '')).toHaveLength(result.evaluations.length);
    expect(spec?.shows).toContain(`${drawn.length} of 5,000 steps are drawn`);
    expect(chart(sampleTraining(), 'loss')?.shows).not.toContain('are drawn');
  });

  test('of dropped choices are one picture for few layers, and one for each of many', () => {
    expect(chart(RUNS['three texts'], 'drops')?.views).toHaveLength(1);
    const { views } = chart(RUNS['many layers'], 'drops') ?? { views: [] };
    expect(views.map(({ label }) => label).slice(0, 3)).toEqual(['all Switch layers', 'layer 1', 'layer 3']);
    expect(views).toHaveLength(13);
  });

  test('that say nothing are not drawn', () => {
    expect(Object.keys(trainingArticle(RUNS.dense, 't').figures)).toEqual(['t-loss', 't-held-out-texts']);
    expect(chart(RUNS['one text, four experts'], 'held-out-texts')).toBeUndefined();
    expect(chart(RUNS['one step'], 'held-out-texts')).toBeUndefined();
    expect(chart(RUNS['three texts'], 'step-times')).toBeUndefined();
    const result = sampleTraining({ steps: 4 });
    const uneven = view<CurvesView>({ ...result, simulatedSeconds: [1, 2, 4, 5] }, 'step-times');
    expect(uneven.table.rows.map((row) => row[1])).toEqual([1, 1, 2, 1]);
    expect(uneven.finding).toBe('Between 1 s and 2 s.');
  });
});

describe('maps of experts', () => {
  test('have a row for each expert and a column for each sampled step, which adds up to all choices', () => {
    const result = RUNS['three texts'];
    const usage = view<HeatView>(result, 'expert-usage', 1);
    expect(usage.table.rows).toHaveLength(16);
    expect(usage.table.columns.slice(1).map(({ label }) => label)).toEqual(result.layers[1].sampledSteps.map((step) => `${step + 1}`));
    for (let column = 1; column < usage.table.columns.length; column++) {
      expect(usage.table.rows.reduce((sum, row) => sum + Number(row[column]), 0)).toBeCloseTo(1, 3);
    }
    const kept = result.layers[1].kept.at(-1) ?? [];
    const total = kept.reduce((sum, count) => sum + count, 0);
    expect(usage.table.rows.map((row) => Number(row.at(-1)))).toEqual(kept.map((count) => Number((count / total).toPrecision(4))));
    expect(usage.notes.rows).toHaveLength(16);
    expect(usage.notes.rows[3]).toBe(`${((100 * kept[3]) / total).toFixed(2)} %`);
  });

  test('say how many experts are idle', () => {
    const result = sampleTraining({ steps: 1, layers: [1] });
    const layers = [{ ...result.layers[0], kept: [[60, 0, 0, 38, 2]] }];
    expect(view<HeatView>({ ...result, layers }, 'expert-usage').finding).toBe(
      'Layer 1, step 1: expert 0 gets 60.0 %, where an even share is 20.0 %; 2 of 5 get nothing, 1 less than a quarter of an even share.',
    );
  });

  test('say which expert takes which text, and how far texts are apart', () => {
    const result = sampleTraining({ steps: 4, layers: [1], texts: ['a', 'b', 'c'] });
    const keptOfTexts = [
      [8, 2, 0],
      [7, 3, 0],
      [0, 1, 9],
    ];
    const map = view<HeatView>({ ...result, layers: [{ ...result.layers[0], keptOfTexts }] }, 'experts-of-texts');
    expect(map.table.rows).toEqual([
      ['a', 0.8, 0.2, 0],
      ['b', 0.7, 0.3, 0],
      ['c', 0, 0.1, 0.9],
    ]);
    expect(map.notes.rows).toEqual(['expert 0', 'expert 0', 'expert 2']);
    const full = keptOfTexts.map(([, middle]) => [5, 5, middle]);
    const tied = view<HeatView>(
      { ...result, layers: [{ ...result.layers[0], keptOfTexts: [[4, 4, 4], ...full.slice(1)] }] },
      'experts-of-texts',
    );
    expect(tied.notes.rows).toEqual(['3 experts', 'experts 0, 1', 'experts 0, 1']);
    expect(map.finding).toContain('Furthest apart are a and c: 90.0 %');
    expect(chart(RUNS['one text, four experts'], 'experts-of-texts')).toBeUndefined();
    expect(chart(RUNS['nothing held out'], 'experts-of-texts')).toBeUndefined();
  });
});

test('thinned curves keep ends and extremes of every curve, in order, and no more than asked for', () => {
  const curve = fc.array(fc.double({ noNaN: true, min: -10, max: 10 }), { minLength: 40, maxLength: 400 });
  fc.assert(
    fc.property(curve, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 12, max: 80 }), (values, count, most) => {
      const curves = Array.from({ length: count }, (_, i) => values.map((_, at) => values[(at * (i + 1)) % values.length]));
      const places = thinned(curves, most);
      expect(places.length).toBeLessThanOrEqual(Math.max(most, 0));
      expect(places[0]).toBe(0);
      expect(places.at(-1)).toBe(values.length - 1);
      for (let i = 1; i < places.length; i++) expect(places[i]).toBeGreaterThan(places[i - 1]);
      for (const each of curves) {
        const drawn = places.map((at) => each[at]);
        expect(Math.max(...drawn)).toBe(Math.max(...each));
        expect(Math.min(...drawn)).toBe(Math.min(...each));
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});
