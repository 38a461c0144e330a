/** Chart.js with only the parts that the page draws with, and the options that all charts share. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { Canvas } from './drawing.ts';
import { element } from './elements.ts';
import { nameLines } from './name-lines.ts';
import { tickText } from './ticks.ts';

Chart.register(BarController, BarElement, CategoryScale, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip);

const FONT = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

/** Puts a canvas of `height` pixels with a text alternative into the plot and starts a chart on it. */
export function startChart(canvas: Canvas, height: number, configuration: ChartConfiguration): Chart {
  Chart.defaults.font.family = FONT;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = canvas.paint.page.muted;
  // Nothing moves by itself, which also honours a wish for reduced motion.
  Chart.defaults.animation = false;
  const sheet = element('canvas', { role: 'img', 'aria-label': `${canvas.spec.title}, ${canvas.view.label}. ${canvas.view.finding}` });
  const frame = element('div', { style: `position:relative;height:${height}px` }, sheet);
  canvas.plot.append(frame);
  return new Chart(sheet, configuration);
}

interface LinearAxis {
  readonly title: string;
  readonly unit: string;
  readonly suggestedMax?: number;
  readonly grid?: boolean;
  /** No tick at an end that is no round number: it would push the last round one away. */
  readonly roundTicksOnly?: boolean;
}

export function linearAxis(canvas: Canvas, axis: LinearAxis) {
  const { page } = canvas.paint;
  return {
    type: 'linear' as const,
    beginAtZero: true,
    ...(axis.suggestedMax === undefined ? {} : { suggestedMax: axis.suggestedMax }),
    grid: { color: page.grid, display: axis.grid ?? true },
    border: { color: page.line },
    title: { display: true, text: axis.title, color: page.muted },
    ticks: {
      color: page.muted,
      maxRotation: 0,
      autoSkipPadding: 14,
      includeBounds: axis.roundTicksOnly !== true,
      callback: (value: number | string, index: number, ticks: readonly { readonly value: number }[]) =>
        tickLabel(Number(value), index, ticks, axis.unit),
    },
  };
}

/** Names of more than `longest` characters are broken into lines. */
export function categoryAxis(canvas: Canvas, title: string, longest: number) {
  const { page } = canvas.paint;
  return {
    type: 'category' as const,
    grid: { display: false },
    border: { color: page.line },
    title: { display: title !== '', text: title, color: page.muted },
    ticks: {
      color: page.ink,
      maxRotation: 0,
      autoSkipPadding: 10,
      callback(this: { getLabelForValue(value: number): string }, value: number | string): string | string[] {
        const lines = nameLines(this.getLabelForValue(Number(value)), longest);
        return lines.length === 1 ? lines[0] : lines;
      },
    },
  };
}

/** Colours of Chart.js's own tooltip, reversed against the page. */
export function tooltipColours(canvas: Canvas) {
  const { ink, paper } = canvas.paint.page;
  return { backgroundColor: ink, titleColor: paper, bodyColor: paper, footerColor: paper, boxPadding: 4, padding: 9, cornerRadius: 5 };
}

function tickLabel(value: number, _index: number, ticks: readonly { readonly value: number }[], unit: string): string {
  const first = ticks[0]?.value ?? value;
  const second = ticks[1]?.value ?? value + 1;
  return tickText(value, Math.abs(second - first) || 1, unit, ticks.at(-1)?.value ?? value);
}
