import type { Chart, Plugin } from 'chart.js';
import type { SpansView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import { categoryAxis, linearAxis, startChart } from './chart-js.ts';
import type { Canvas, Draw } from './drawing.ts';
import { addHover } from './hover.ts';
import { fillLegend } from './legend.ts';
import { type Overview, overview } from './overview.ts';
import { inkOn } from './theme.ts';
import { windowControls } from './window.ts';

const TRACK_HEIGHT = 62;
/** A span narrower than this gets no name inside. */
const NARROWEST_LABEL = 34;
/** A span narrower than this gets no line at its start. */
const NARROWEST_EDGE = 7;

/** Tracks of spans over time, with a window that narrows down to single operations. */
export const drawSpans: Draw<SpansView> = (canvas) => {
  const { view, paint } = canvas;
  const total = view.table.rows.reduce((latest, row) => Math.max(latest, Number(row[view.end])), 0);
  const colours = new Map(view.groups.map((group) => [group.name, paint.role(group.role)]));
  fillLegend(canvas.legend, legendEntries(canvas), [], '');
  const chart = spanChart(canvas, colours, total);
  let strip: Overview | null = null;
  const controls = windowControls(total, stagesOf(view), (window) => {
    const axis = chart.options.scales?.x;
    if (axis !== undefined) Object.assign(axis, { min: window.start, max: window.end });
    chart.update('none');
    strip?.show(window);
  });
  strip = overview(canvas.plot, view, paint, colours, total, controls.centre);
  canvas.controls.append(...controls.elements);
  const unhover = addHover(canvas.plot, chart.canvas, (event) => spanAt(chart, view, event));
  return {
    remove() {
      unhover();
      strip?.remove();
      chart.destroy();
    },
  };
};

function spanChart(canvas: Canvas<SpansView>, colours: ReadonlyMap<string, string>, total: number): Chart {
  const { view } = canvas;
  return startChart(canvas, 62 + view.tracks.length * TRACK_HEIGHT, {
    type: 'bar',
    data: {
      labels: [...view.tracks],
      datasets: view.groups.map((group) => ({
        label: group.name,
        backgroundColor: colours.get(group.name) ?? '',
        grouped: false,
        barPercentage: 1,
        categoryPercentage: 0.82,
        // Chart.js would widen every bar by a third of a pixel, which a thousand neighbours do not bear.
        inflateAmount: 0,
        data: view.table.rows
          .filter((row) => row[view.group] === group.name)
          .map((row) => ({ x: [Number(row[view.start]), Number(row[view.end])], y: row[view.track], name: row[view.name] })) as never[],
      })),
    },
    options: {
      indexAxis: 'y',
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      scales: {
        x: { ...linearAxis(canvas, { title: 'Simulated time since the start of the step', unit: view.unit }), min: 0, max: total },
        y: categoryAxis(canvas, '', 16),
      },
      plugins: { tooltip: { enabled: false } },
    },
    plugins: [spanNames(colours, canvas.paint.page.card)],
  });
}

interface SpanShape {
  readonly x: number;
  readonly base: number;
  readonly y: number;
  readonly height: number;
}

/** Names inside the spans that have room for them, and a line between neighbours of one colour. */
function spanNames(colours: ReadonlyMap<string, string>, ground: string): Plugin {
  return {
    id: 'spanNames',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area } = chart;
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      ctx.textBaseline = 'middle';
      ctx.font = `11px ${String(chart.options.font?.family ?? 'sans-serif')}`;
      chart.data.datasets.forEach((dataset, index) => {
        const ink = inkOn(colours.get(dataset.label ?? '') ?? '#ffffff');
        chart.getDatasetMeta(index).data.forEach((bar, i) => {
          const { x, base, y, height } = bar.getProps(['x', 'base', 'y', 'height'], true) as unknown as SpanShape;
          const [left, right] = [Math.max(area.left, Math.min(x, base)), Math.min(area.right, Math.max(x, base))];
          ctx.fillStyle = ground;
          if (right - left >= NARROWEST_EDGE) ctx.fillRect(left, y - height / 2, 1, height);
          ctx.fillStyle = ink;
          const { name } = dataset.data[i] as unknown as { readonly name: string };
          if (right - left >= NARROWEST_LABEL) ctx.fillText(fitted(ctx, name, right - left - 8), left + 4, y);
        });
      });
      ctx.restore();
    },
  };
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return kept.length > 1 ? `${kept}…` : '';
}

/** The span under the pointer, or the nearest one of its track within four pixels. */
function spanAt(chart: Chart, view: SpansView, event: PointerEvent): readonly string[] | null {
  const area = chart.canvas.getBoundingClientRect();
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return null;
  const time = x.getValueForPixel(event.clientX - area.left);
  const track = view.tracks[y.getValueForPixel(event.clientY - area.top) ?? -1];
  if (time === undefined || track === undefined) return null;
  const reach = ((x.max - x.min) / Math.max(1, x.width)) * 4;
  const distance = (row: readonly (string | number)[]): number => Math.max(0, Number(row[view.start]) - time, time - Number(row[view.end]));
  let best: readonly (string | number)[] | null = null;
  for (const row of view.table.rows) {
    if (row[view.track] === track && distance(row) <= reach && (best === null || distance(row) < distance(best))) best = row;
  }
  if (best === null) return null;
  const [start, end] = [Number(best[view.start]), Number(best[view.end])];
  return [
    String(best[view.name]),
    `${best[view.group]} · ${best[view.stage]}`,
    `${formatValue(end - start, view.unit)}, from ${formatValue(start, view.unit)}`,
  ];
}

/** First to last span of each stage on the compute track, so that the reader can jump there. */
function stagesOf(view: SpansView) {
  const bounds = new Map<string, { start: number; end: number }>();
  for (const row of view.table.rows) {
    if (row[view.track] !== view.tracks[0]) continue;
    const [stage, start, end] = [String(row[view.stage]), Number(row[view.start]), Number(row[view.end])];
    const known = bounds.get(stage);
    bounds.set(stage, known === undefined ? { start, end } : { start: Math.min(known.start, start), end: Math.max(known.end, end) });
  }
  return [...bounds].map(([name, window]) => ({ name, ...window }));
}

function legendEntries(canvas: Canvas<SpansView>) {
  const { groups } = canvas.view;
  const named = groups
    .filter((group) => group.role !== 'other')
    .map((group) => ({ label: group.name, colour: canvas.paint.role(group.role) }));
  const rest = groups.filter((group) => group.role === 'other').map((group) => group.name);
  return rest.length === 0 ? named : [...named, { label: rest.join(', '), colour: canvas.paint.role('other') }];
}
