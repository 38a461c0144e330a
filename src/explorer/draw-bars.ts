import type { ChartConfiguration } from 'chart.js';
import type { BarsView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import { categoryAxis, linearAxis, startChart, tooltipColours } from './chart-js.ts';
import type { Canvas, Draw } from './drawing.ts';
import { select } from './elements.ts';
import { fillLegend } from './legend.ts';
import { endValues, referenceLines, whiskers } from './marks.ts';
import { nameLines } from './name-lines.ts';

/** Above this many bars there is no room for a value at each of them. */
const MOST_LABELLED_BARS = 16;
/** Characters of a row's name per pixel of the picture: a third of its width at 6.6 pixels each. */
const NAME_SHARE = 1 / 20;
/** Pixels from one line of a name to the next. */
const NAME_LINE = 15;

export const drawBars: Draw<BarsView> = (canvas) => {
  const { view, paint } = canvas;
  let chart = start(canvas, view);
  if (view.sortBy !== undefined) {
    const orders = ['by number', 'by load'];
    canvas.controls.append(
      select('Order', orders, 0, (index) => {
        chart.destroy();
        canvas.plot.replaceChildren();
        chart = start(canvas, index === 0 ? view : sorted(view));
      }),
    );
  }
  const entries = view.series.map((series) => ({ label: view.table.columns[series.column]?.label ?? '', colour: paint.role(series.role) }));
  fillLegend(canvas.legend, entries.length > 1 ? entries : [], view.references, paint.role('limit'));
  return { remove: () => chart.destroy() };
};

function start(canvas: Canvas<BarsView>, view: BarsView) {
  const horizontal = view.direction === 'horizontal';
  const rows = view.table.rows.length;
  const barsPerRow = view.stacked ? 1 : view.series.length;
  const lines = Math.max(1, ...view.table.rows.map((row) => nameLines(String(row[view.category]), longestName(canvas)).length));
  const height = horizontal ? 66 + rows * Math.max(30, barsPerRow * 22, lines * NAME_LINE + 6) : 310;
  return startChart(canvas, height, configuration(canvas, view, horizontal));
}

function configuration(canvas: Canvas<BarsView>, view: BarsView, horizontal: boolean): ChartConfiguration {
  const { paint } = canvas;
  const { rows } = view.table;
  const few = horizontal || rows.length * view.series.length <= MOST_LABELLED_BARS;
  const furthest = [...view.references.map((line) => line.value * 1.04), ...intervalEnds(view)];
  const value = {
    ...linearAxis(canvas, {
      title: view.valueAxis.label,
      unit: view.valueAxis.unit,
      ...(furthest.length === 0 ? {} : { suggestedMax: Math.max(...furthest) }),
    }),
    stacked: view.stacked,
  };
  const category = {
    ...categoryAxis(canvas, horizontal ? '' : view.categoryAxis, longestName(canvas)),
    stacked: view.stacked,
  };
  if (horizontal) Object.assign(category.ticks, { autoSkip: false });
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => String(row[view.category])),
      datasets: view.series.map((series) => ({
        label: view.table.columns[series.column]?.label ?? '',
        data: rows.map((row) => Number(row[series.column])),
        backgroundColor: paint.role(series.role),
        borderColor: paint.page.card,
        // A line of the page's colour parts neighbours in a stack, where bars are wide enough to spare it.
        borderWidth: few && view.stacked ? { right: horizontal ? 1 : 0, top: horizontal ? 0 : 1 } : 0,
        categoryPercentage: few ? 0.78 : 0.92,
        barPercentage: few ? 0.94 : 1,
        maxBarThickness: 46,
      })),
    },
    options: {
      indexAxis: horizontal ? 'y' : 'x',
      responsive: true,
      maintainAspectRatio: false,
      layout: { padding: few ? (horizontal ? { right: 62 } : { top: 22 }) : 0 },
      interaction: { mode: 'index', intersect: false, axis: horizontal ? 'y' : 'x' },
      scales: horizontal ? { x: value, y: category } : { x: category, y: value },
      plugins: {
        tooltip: {
          ...tooltipColours(canvas),
          filter: (item) => Number(item.raw) !== 0,
          callbacks: {
            title: (items) => title(view, items[0]?.label ?? ''),
            label: (item) => ` ${item.dataset.label}: ${formatValue(Number(item.raw), view.valueAxis.unit)}`,
          },
        },
      },
    },
    plugins: [
      referenceLines(view.references, horizontal ? 'x' : 'y', paint.role('limit')),
      whiskers(view, paint),
      ...(few ? [endValues(view, paint)] : []),
    ],
  };
}

function longestName({ plot }: Canvas<BarsView>): number {
  return Math.floor(plot.clientWidth * NAME_SHARE);
}

function intervalEnds(view: BarsView): readonly number[] {
  return view.series.flatMap((series) => view.table.rows.map((row) => Number(row[series.high ?? series.column])).filter(Number.isFinite));
}

function title(view: BarsView, label: string): string {
  return /^\d/.test(label) ? `${view.categoryAxis} ${label}` : label;
}

function sorted(view: BarsView): BarsView {
  const by = view.sortBy ?? 0;
  const rows = [...view.table.rows].sort((a, b) => Number(b[by]) - Number(a[by]));
  return { ...view, table: { ...view.table, rows } };
}
