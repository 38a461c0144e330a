/** Small Chart.js plugins: reference lines, interval whiskers and values at the end of bars. */
import type { Chart, Plugin } from 'chart.js';
import type { BarsView, ReferenceLine } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import type { Paint } from './theme.ts';

/** Dashed lines across the chart at values of the axis `scale`. */
export function referenceLines(lines: readonly ReferenceLine[], scale: 'x' | 'y', colour: string): Plugin {
  return {
    id: 'referenceLines',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      const axis = scales[scale];
      if (axis === undefined) return;
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.lineWidth = 2;
      ctx.setLineDash([6, 4]);
      for (const line of lines) {
        const at = axis.getPixelForValue(line.value);
        ctx.beginPath();
        if (scale === 'y') {
          ctx.moveTo(area.left, at);
          ctx.lineTo(area.right, at);
        } else {
          ctx.moveTo(at, area.top);
          ctx.lineTo(at, area.bottom);
        }
        ctx.stroke();
      }
      ctx.restore();
    },
  };
}

/** A whisker from `low` to `high` on every bar whose series names both columns. */
export function whiskers(view: BarsView, paint: Paint): Plugin {
  return {
    id: 'whiskers',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.strokeStyle = paint.page.ink;
      ctx.lineWidth = 1.5;
      view.series.forEach((series, dataset) => {
        chart.getDatasetMeta(dataset).data.forEach((bar, row) => {
          const cells = view.table.rows[row];
          const [low, high] = [cells?.[series.low ?? -1], cells?.[series.high ?? -1]];
          if (typeof low === 'number' && typeof high === 'number' && high > low) drawWhisker(chart, view, bar, low, high);
        });
      });
      ctx.restore();
    },
  };
}

function drawWhisker(chart: Chart, view: BarsView, bar: { readonly x: number; readonly y: number }, low: number, high: number): void {
  const { ctx } = chart;
  const across = view.direction === 'horizontal';
  const scale = chart.scales[across ? 'x' : 'y'];
  if (scale === undefined) return;
  const [from, to] = [scale.getPixelForValue(low), scale.getPixelForValue(high)];
  const at = across ? bar.y : bar.x;
  const line = (x1: number, y1: number, x2: number, y2: number): void => {
    ctx.moveTo(across ? x1 : y1, across ? y1 : x1);
    ctx.lineTo(across ? x2 : y2, across ? y2 : x2);
  };
  ctx.beginPath();
  line(from, at, to, at);
  line(from, at - 4, from, at + 4);
  line(to, at - 4, to, at + 4);
  ctx.stroke();
}

/** The value behind each bar, or the sum behind each stack, where there is room for all of them. */
export function endValues(view: BarsView, paint: Paint): Plugin {
  return {
    id: 'endValues',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.fillStyle = paint.page.ink;
      ctx.font = `12px ${String(chart.options.font?.family ?? 'sans-serif')}`;
      ctx.textBaseline = view.direction === 'horizontal' ? 'middle' : 'bottom';
      ctx.textAlign = view.direction === 'horizontal' ? 'left' : 'center';
      const labels = view.table.rows.flatMap((cells, row) =>
        ends(chart, view, cells, row).map(({ at, value, unit }) => ({ at, text: formatValue(value, unit) })),
      );
      const lines = linePlaces(chart, view);
      if (view.direction === 'horizontal')
        for (const { at, text } of labels) ctx.fillText(text, beside(at.x + 7, ctx.measureText(text).width, lines), at.y);
      else if (standApart(ctx, labels))
        for (const { at, text } of labels)
          ctx.fillText(
            text,
            at.x,
            -beside(
              4 - at.y,
              LABEL_HEIGHT,
              lines.map((y) => -y),
            ),
          );
      ctx.restore();
    },
  };
}

/** Where the dashed lines cross the axis of values, in pixels. */
function linePlaces(chart: Chart, view: BarsView): number[] {
  const scale = chart.scales[view.direction === 'horizontal' ? 'x' : 'y'];
  return scale === undefined ? [] : view.references.map(({ value }) => scale.getPixelForValue(value));
}

/** The place from which a label of that length runs, or the first place behind a line that would run through it. */
export function beside(start: number, length: number, lines: readonly number[]): number {
  let place = start;
  for (const line of [...lines].sort((a, b) => a - b))
    if (line > place - LINE_GAP && line < place + length + LINE_GAP) place = line + LINE_GAP;
  return place;
}

interface EndLabel {
  readonly at: { readonly x: number; readonly y: number };
  readonly text: string;
}

/** Pixels between two labels side by side. */
const LABEL_GAP = 4;
/** Between a label and a dashed line. */
const LINE_GAP = 4;
/** Of a value above an upright bar. */
const LABEL_HEIGHT = 12;

/** Whether every label of upright bars has the room from its bar to the next; else the picture goes without, and the table has the values. */
function standApart(ctx: CanvasRenderingContext2D, labels: readonly EndLabel[]): boolean {
  const across = labels.map(({ at }) => at.x).sort((a, b) => a - b);
  const steps = across.slice(1).map((x, i) => x - across[i]);
  const room = Math.min(Number.POSITIVE_INFINITY, ...steps) - LABEL_GAP;
  return labels.every(({ text }) => ctx.measureText(text).width <= room);
}

function ends(chart: Chart, view: BarsView, cells: readonly (string | number)[], row: number) {
  const bars = view.series.map((series, dataset) => {
    const top = typeof cells[series.high ?? -1] === 'number' ? Number(cells[series.high ?? -1]) : Number(cells[series.column] ?? 0);
    return { bar: chart.getDatasetMeta(dataset).data[row], value: Number(cells[series.column] ?? 0), top };
  });
  const { unit } = view.valueAxis;
  const scale = chart.scales[view.direction === 'horizontal' ? 'x' : 'y'];
  const place = (bar: { readonly x: number; readonly y: number } | undefined, top: number) =>
    bar === undefined || scale === undefined
      ? { x: 0, y: 0 }
      : view.direction === 'horizontal'
        ? { x: scale.getPixelForValue(top), y: bar.y }
        : { x: bar.x, y: scale.getPixelForValue(top) };
  if (!view.stacked) return bars.map(({ bar, value, top }) => ({ at: place(bar, Math.max(top, value)), value, unit }));
  const sum = bars.reduce((total, { value }) => total + value, 0);
  return [{ at: place(bars[0]?.bar, sum), value: sum, unit }];
}
