import { describe, expect, test } from 'vitest';
import { comparisonCharts } from '../../src/report/comparison-charts.ts';
import { type BarsView, CHARTS, type ChartSpec, type ChartView, chartsOf } from '../../src/report/index.ts';
import { sampleComparison, sampleResult } from './sample-result.ts';

const result = sampleResult();
const specs: readonly ChartSpec[] = [...chartsOf(result), ...comparisonCharts(sampleComparison())];

/** Columns that hold numbers to be drawn. */
function drawnColumns(view: ChartView): readonly number[] {
  switch (view.kind) {
    case 'bars':
    case 'line':
      return [
        ...view.series.flatMap((series) => [series.column, series.low ?? series.column, series.high ?? series.column]),
        ...(view.kind === 'line' ? [view.x] : []),
      ];
    case 'spans':
      return [view.start, view.end];
    case 'links':
      return [view.from, view.to, view.value];
    case 'planes':
      // The others may be empty or marked; collective.test.ts holds them against the links.
      return [0];
    case 'curves':
      return [view.x];
    case 'heat':
    case 'matrix':
      return view.table.columns.slice(1).map((_, i) => i + 1);
  }
}

test('every chart of the registry draws the sample, under its own key', () => {
  expect(chartsOf(result).map((spec) => spec.id)).toEqual(Object.keys(CHARTS));
});

describe.each(specs.map((spec) => [spec.id, spec] as const))('%s', (_, spec) => {
  test('says what it shows and what it found, and has a table for every view', () => {
    expect(spec.shows.length).toBeGreaterThan(10);
    expect(spec.views.length).toBeGreaterThan(0);
    for (const view of spec.views) {
      expect(view.finding).not.toMatch(/NaN|undefined|not known|Infinity/);
      expect(view.table.rows.length).toBeGreaterThan(0);
      for (const row of view.table.rows) expect(row).toHaveLength(view.table.columns.length);
    }
  });

  test('draws numbers that stand in its table', () => {
    for (const view of spec.views) {
      for (const column of drawnColumns(view)) {
        expect(view.table.columns[column]?.label, `column ${column} of ${view.label}`).toMatch(/\S/);
        for (const row of view.table.rows) {
          if (row[column] === '' && view.kind === 'bars') continue;
          expect(Number.isFinite(row[column]), `${view.label}: ${row[column]}`).toBe(true);
        }
      }
    }
  });
});

function view(id: string, index: number): ChartView {
  const found = specs.find((spec) => spec.id === id)?.views[index];
  if (found === undefined) throw new Error(`no view ${index} of ${id}`);
  return found;
}

function seriesSum(bars: ChartView): number {
  const { table, series } = bars as BarsView;
  return table.rows.reduce((sum, row) => sum + series.reduce((s, { column }) => s + Number(row[column]), 0), 0);
}

test('the bars of both breakdowns add up to all of the breakdown', () => {
  const total = result.detail.breakdown.reduce((sum, row) => sum + row.secondsByStage.reduce((a, b) => a + b, 0), 0);
  expect(seriesSum(view('step-breakdown', 0))).toBeCloseTo(total, 9);
  expect(seriesSum(view('step-breakdown', 1))).toBeCloseTo(total, 9);
});

test('kept and dropped choices of a layer add up to what was requested', () => {
  result.detail.expertLoads.forEach((layer, i) => {
    expect(seriesSum(view('expert-load', i))).toBe(layer.requested.reduce((a, b) => a + b, 0));
  });
});

test('without slots nothing can be dropped, and no colour stands for it', () => {
  const { scenario } = result;
  const dropless = { ...result, scenario: { ...scenario, routing: { ...scenario.routing, dispatch: 'dropless' as const } } };
  const drawn = CHARTS['expert-load'](dropless)?.views[0] as BarsView;
  expect(drawn.series).toHaveLength(1);
  expect(drawn.table.columns.map(({ label }) => label)).toEqual(['Expert', 'Requested']);
  expect(seriesSum(drawn)).toBe(result.detail.expertLoads[0].requested.reduce((a, b) => a + b, 0));
});

test('links are coloured by their bytes first: under fair sharing all may be busy alike', () => {
  expect(specs.find(({ id }) => id === 'link-heat-map')?.views.map(({ label }) => label)).toEqual([
    'Bytes in one step',
    'Busy share of the step',
  ]);
});

test('of several slices each has its arrows, chips counted from its own first, and what leaves them is said', () => {
  const { links } = result.detail;
  const rows = [
    ...links.rows,
    ...links.rows.map((row) => ({ ...row, from: row.from + 16, to: row.to + 16 })),
    { from: 16, to: 34, axis: 2, direction: 1, kind: 'pcie' as const, bytes: 2e9, busySeconds: 0.5, utilisation: 0.5 },
    { from: 34, to: 36, axis: 2, direction: 1, kind: 'nic' as const, bytes: 3e9, busySeconds: 0.6, utilisation: 0.6 },
  ];
  const several = { ...result, detail: { ...result.detail, links: { ...links, slices: 2, chips: 32, hosts: 4, rows } } };
  const views = CHARTS['link-heat-map'](several)?.views ?? [];
  expect(views.map(({ label }) => label)).toEqual([
    'Slice 0: bytes in one step',
    'Slice 0: busy share of the step',
    'Slice 1: bytes in one step',
    'Slice 1: busy share of the step',
  ]);
  expect(views[2].table.rows).toEqual(views[0].table.rows);
  expect(views[0].finding).toContain('network card, host 2 to network, carries 3 GB, busy 60.0 %');
  expect(views[0].finding).toContain('link to a host, chip 16 (0,0 of slice 1) to host 2, carries 2 GB');
});

test('the picture of memory names the device that the timeline shows', () => {
  const { timeline } = result.detail;
  const shown = { ...result, detail: { ...result.detail, timeline: { ...timeline, device: 5 } } };
  expect(CHARTS.memory(shown)?.title).toBe('Memory of device 5');
});

test('collectives that overlap stand on tracks of their own', () => {
  const spans = [
    { track: 'ici' as const, name: 'a', part: 'p', stage: 'fw', startSeconds: 0, endSeconds: 2 },
    { track: 'ici' as const, name: 'b', part: 'p', stage: 'fw', startSeconds: 1, endSeconds: 3 },
    { track: 'ici' as const, name: 'c', part: 'p', stage: 'fw', startSeconds: 2, endSeconds: 4 },
  ];
  const drawn = CHARTS.timeline({ ...result, detail: { ...result.detail, timeline: { device: 0, spans } } })?.views[0];
  expect(drawn?.table.rows.map((row) => row[0])).toEqual(['Interconnect', 'Interconnect 2', 'Interconnect']);
});

test('a dense model has no charts of experts', () => {
  const dense = { ...result, detail: { ...result.detail, expertLoads: [], traffic: [], clusterings: [] } };
  expect(chartsOf(dense).map((spec) => spec.id)).toEqual(['step-breakdown', 'timeline', 'link-heat-map', 'memory']);
});

test('two varied keys become groups and colours, and every variant is drawn once', () => {
  const comparison = sampleComparison();
  const bars = view('compare-stepSeconds', 0) as BarsView;
  const drawn = bars.table.rows.flatMap((row) => bars.series.map(({ column }) => row[column]));
  const values = comparison.variants.map((variant) => variant.metrics.find((m) => m.name === 'stepSeconds')?.value);
  expect([...drawn].sort()).toEqual([...values].sort());
});
