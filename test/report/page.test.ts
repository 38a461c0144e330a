import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type PageData, renderPage } from '../../src/report/index.ts';
import { METRICS, type Metric } from '../../src/result/index.ts';
import { sampleComparison, sampleResult } from './sample-result.ts';

const SCRIPT = 'document.title;';
const script = { text: SCRIPT, sha256Base64: createHash('sha256').update(SCRIPT).digest('base64') };
const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&';

const page = renderPage({ results: [sampleResult()], script });

function scriptsOf(html: string): readonly { readonly attributes: string; readonly text: string }[] {
  return [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, attributes = '', text = '']) => ({ attributes, text }));
}

function dataOf(html: string): PageData {
  return JSON.parse(scriptsOf(html).find((one) => one.attributes.includes('page-data'))?.text ?? '') as PageData;
}

describe('the page', () => {
  test('is one HTML document whose policy allows exactly its own script', () => {
    expect(page.startsWith('<!doctype html>')).toBe(true);
    const scripts = scriptsOf(page);
    expect(scripts.map((one) => one.attributes)).toEqual([' type="application/json" id="page-data"', '']);
    const hash = createHash('sha256').update(scripts[1].text).digest('base64');
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });

  test('refers to nothing outside itself', () => {
    const outside = [...page.matchAll(/\b(?:src|href|action|data|poster)\s*=\s*"([^"]*)"/g)]
      .map(([, address = '']) => address)
      .filter((a) => !a.startsWith('#'));
    expect(outside).toEqual([]);
    expect(page).not.toMatch(/url\(|@import|<link|<iframe|<img|<object/);
  });

  test('has one id of each kind, balanced elements, and a target for every link inside it', () => {
    const body = page.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<style[\s\S]*?<\/style>/g, '');
    const ids = [...body.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...body.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(5);
    for (const target of targets) expect(ids).toContain(target);
    for (const name of [
      'article',
      'section',
      'table',
      'tr',
      'td',
      'th',
      'ul',
      'li',
      'figure',
      'figcaption',
      'details',
      'div',
      'p',
      'button',
      'span',
      'dl',
      'dd',
    ]) {
      const opened = body.match(new RegExp(`<${name}[\\s>]`, 'g'))?.length ?? 0;
      expect(body.match(new RegExp(`</${name}>`, 'g'))?.length ?? 0, name).toBe(opened);
    }
  });

  test('stays well below a megabyte with the client of today beside it', () => {
    expect(page.length + 250_000).toBeLessThan(1_000_000);
  });

  test('shows every metric with its definition, the question, and what holds the step up', () => {
    const result = sampleResult();
    for (const metric of result.metrics) expect(page).toContain(METRICS[metric.name].definition.replace(/'/g, '&#39;').slice(0, 40));
    expect(page).toContain(result.scenario.question);
    expect(page).toContain('computing attention');
    expect(page).toContain('+29.4 %');
    expect(page).toContain('W_DROP_RATE');
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  test('gives each chart a figure and its data', () => {
    const figures = [...page.matchAll(/data-figure="([^"]*)"/g)].map(([, key]) => key);
    expect(figures.length).toBeGreaterThanOrEqual(7);
    expect(Object.keys(dataOf(page).figures)).toEqual(figures);
  });
});

describe('what does not fit', () => {
  const swollen = <Has extends { readonly metrics: readonly Metric[] }>(of: Has): Has => ({
    ...of,
    metrics: of.metrics.map((metric) => (metric.name === 'hbmPeakBytes' ? { ...metric, value: 24 * 2 ** 30 } : metric)),
  });

  test('is the first thing that the headline says, and is not said of what fits', () => {
    const html = renderPage({ results: [swollen(sampleResult())], script });
    expect(html).toMatch(
      /<p class="answer"><b class="unfit">The step does not fit into device memory: it needs 24\.0 GiB of the [\d.]+ GiB of a device\.<\/b> With enough memory, a training step of [\w-]+ would take/,
    );
    expect(page).toMatch(/<p class="answer">A training step of [\w-]+ takes/);
  });

  test('is named variant by variant on the page of a comparison', () => {
    const comparison = sampleComparison();
    const variants = comparison.variants.map((variant, i) => (i === 1 ? swollen(variant) : variant));
    const html = renderPage({ results: [], comparison: { ...comparison, variants }, script });
    expect(html).toMatch(
      /2 of 6 variants do not fit into device memory: router switch-top1, capacityFactor 1\.25 needs 24\.0 GiB of the 16\.0 GiB of a device; router gshard-top2, capacityFactor 2 needs/,
    );
    expect(renderPage({ results: [], comparison: { ...comparison, variants: variants.slice(0, 1) }, script })).not.toContain(
      'class="unfit"',
    );
  });
});

test('hostile names stay text, in markup and in data', () => {
  const result = sampleResult();
  const hostile = {
    ...result,
    scenario: { ...result.scenario, name: HOSTILE, question: HOSTILE },
    warnings: [{ code: HOSTILE, message: HOSTILE }],
    detail: {
      ...result.detail,
      assumptions: [HOSTILE],
      breakdown: result.detail.breakdown.map((row) => ({ ...row, part: HOSTILE })),
      memory: { ...result.detail.memory, atPeak: [{ name: HOSTILE, bytes: 1 }] },
    },
  };
  const html = renderPage({ results: [hostile], script });
  expect(scriptsOf(html)).toHaveLength(2);
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<script>alert');
  const drawn = dataOf(html).figures['r0-step-breakdown'].views[0].table.rows;
  expect(drawn[0][0]).toBe(HOSTILE);
});

test('a script that could end its own element is refused', () => {
  expect(() => renderPage({ results: [], script: { text: 'x = "</script>"', sha256Base64: '' } })).toThrow(/script/);
});

test('a comparison names the combinations that were not run, and why', () => {
  const html = renderPage({ results: [], comparison: sampleComparison(), script });
  expect(html).toContain('These combinations were not run');
  expect(html).toContain('The step needs 20.0 GiB on a device that has 16.0 GiB.');
  expect(renderPage({ results: [], comparison: { ...sampleComparison(), infeasible: [] }, script })).not.toContain('were not run');
});

test('a comparison puts the differences first, and several results share a page', () => {
  const html = renderPage({ results: [sampleResult('a'), sampleResult('b')], comparison: sampleComparison(), script });
  expect(html.indexOf('Differences')).toBeLessThan(html.indexOf('Where the step goes'));
  expect(html).toContain('1.55 ×');
  expect(html).toContain('−3.40 points');
  const keys = Object.keys(dataOf(html).figures);
  expect(keys.filter((key) => key.startsWith('c-'))).toHaveLength(7);
  expect(keys).toContain('r0-timeline');
  expect(keys).toContain('r1-timeline');
});

test('recorded choices are not copied into the page', () => {
  const result = sampleResult();
  const records = { layer: [987_654_321], token: [1], expert: [2] };
  const traced = { ...result, scenario: { ...result.scenario, load: { kind: 'trace' as const, file: 'ids.csv', records } } };
  const html = renderPage({ results: [traced], script });
  expect(html).toContain('ids.csv');
  expect(html).not.toContain('987654321');
});

test('a dense model gets no tiles about experts', () => {
  const result = sampleResult();
  const dense = { ...result, scenario: { ...result.scenario, model: { ...result.scenario.model, moe: null } } };
  const html = renderPage({ results: [dense], script });
  expect(html).toContain('r0-tip-mfu');
  expect(html).not.toMatch(/r0-tip-(droppedTokenFraction|expertCapacity|maxOverMeanExpertLoad|allToAll)/);
});

test('says why no expert was compared with the oracle, and what a sample does not tell', () => {
  const result = sampleResult();
  const { sampling } = result.detail;
  const pageWith = (load: (typeof result.scenario)['load'], changed: Partial<typeof sampling> = {}): string =>
    renderPage({
      results: [
        {
          ...result,
          scenario: { ...result.scenario, load },
          detail: { ...result.detail, verification: null, sampling: { ...sampling, ...changed } },
        },
      ],
      script,
    });
  const measured = { kind: 'measured', clustering: 0.1 } as const;
  expect(pageWith(measured)).toContain('The router was executed, the expert feed-forward was not');
  expect(pageWith({ kind: 'uniform' })).toContain('the loads were drawn or recorded');
  expect(pageWith(measured, { routedLayers: 0, totalLayers: 0 })).toContain('the model has no experts');
  expect(pageWith(measured)).toContain('no sampling error');
  expect(pageWith(measured, { routedLayers: 6, standardError: 0.0004 })).toMatch(/comes from sampling is 0\.04 %/);
  expect(pageWith(measured, { routedLayers: 1, standardError: null })).toContain('the sample does not tell');
});

test('a picture of half the width has a neighbour or the whole row', () => {
  const widths = (html: string, key: string): string[] =>
    [...html.matchAll(/<figure id="([^"]*)" data-figure="[^"]*" class="(full|half)"/g)]
      .filter(([, id]) => id.startsWith(key))
      .map(([, , width]) => width);
  const { detail, ...rest } = sampleResult();
  for (const shape of [
    [4, 4],
    [8, 8],
  ]) {
    const html = renderPage({ results: [{ ...rest, detail: { ...detail, links: { ...detail.links, shape } } }], script });
    const runs = widths(html, 'r0-')
      .join(' ')
      .split('full')
      .map((run) => run.trim().split(' ').filter(Boolean).length);
    expect(runs.length).toBeGreaterThan(1);
    for (const halves of runs) expect(halves % 2).toBe(0);
  }
});

test('capacity has one name where there are no slots', () => {
  const { scenario, ...rest } = sampleResult();
  const dropless = { ...scenario, routing: { ...scenario.routing, dispatch: 'dropless' as const } };
  const html = renderPage({ results: [{ ...rest, scenario: dropless }], script });
  expect(/tip-expertCapacity">[\s\S]*?class="value">([^<]*)</.exec(html)?.[1]).toBe('unbounded');
  const comparison = sampleComparison();
  const variants = comparison.variants.map((variant, i) => (i === 1 ? { ...variant, scenario: dropless } : variant));
  const compared = renderPage({ results: [], comparison: { ...comparison, variants }, script });
  expect(compared).toMatch(/<td[^>]*>unbounded</);
  expect(compared).toContain('Waiting');
});
