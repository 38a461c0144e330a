import type { CurvesView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import { linearAxis, startChart, tooltipColours } from './chart-js.ts';
import type { Draw } from './drawing.ts';
import { fillLegend } from './legend.ts';
import { referenceLines } from './marks.ts';

const POINT_SHAPES = ['circle', 'rectRot', 'triangle', 'rect'] as const;

/** Straight lines from row to row; a faint one stands behind, and one with points shows each of its values. */
export const drawCurves: Draw<CurvesView> = (canvas) => {
  const { view, paint } = canvas;
  const { rows, columns } = view.table;
  const values = view.references.map((line) => line.value);
  const xs = rows.map((row) => Number(row[view.x]));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const chart = startChart(canvas, 300, {
    type: 'line',
    data: {
      datasets: view.series.map((series, i) => ({
        label: columns[series.column]?.label ?? '',
        data: rows.flatMap((row, at) => {
          const cell = row[series.column];
          return typeof cell === 'number' ? [{ x: xs[at], y: cell }] : [];
        }),
        borderColor: `${paint.role(series.role)}${series.faint ? '90' : ''}`,
        backgroundColor: paint.role(series.role),
        borderWidth: series.faint ? 1 : 2,
        borderDash: series.dashed ? [6, 4] : [],
        pointRadius: series.points ? 4 : rows.length === 1 ? 3 : 0,
        pointStyle: POINT_SHAPES[i % POINT_SHAPES.length],
        pointHitRadius: 6,
        // A point at the end is whole.
        clip: series.points ? 8 : 0,
        // The first stand in front.
        order: series.faint ? view.series.length : i,
      })),
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: {
        x: {
          ...linearAxis(canvas, { title: view.xAxis.label, unit: view.xAxis.unit, grid: false, roundTicksOnly: true }),
          beginAtZero: false,
          // A range of nothing would show nothing.
          ...(first === last ? {} : { min: first, max: last }),
        },
        y: {
          ...linearAxis(canvas, { title: view.valueAxis.label, unit: view.valueAxis.unit }),
          beginAtZero: view.fromZero,
          ...(values.length === 0 ? {} : { suggestedMin: Math.min(...values), suggestedMax: Math.max(...values) }),
          // None below an axis that begins at 0.
          ...(view.fromZero ? {} : { grace: '4%' }),
        },
      },
      plugins: {
        tooltip: {
          ...tooltipColours(canvas),
          callbacks: {
            title: (items) => `${view.xAxis.label} ${formatValue(items[0]?.parsed.x ?? 0, view.xAxis.unit)}`,
            label: (item) => `${item.dataset.label}: ${formatValue(item.parsed.y ?? 0, view.valueAxis.unit)}`,
          },
        },
      },
    },
    plugins: [referenceLines(view.references, 'y', paint.role('limit'))],
  });
  const entries = view.series.map(({ column, role, dashed }) => ({
    label: columns[column]?.label ?? '',
    colour: paint.role(role),
    dashed: dashed === true,
  }));
  fillLegend(canvas.legend, entries, view.references, paint.role('limit'));
  return { remove: () => chart.destroy() };
};
