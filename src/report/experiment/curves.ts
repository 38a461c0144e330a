import { type ExperimentResult, type ExperimentRun, type ExperimentVariant, formatShare, mean } from '../../result/index.ts';
import type { Cell, ChartSpec, CurvesView } from '../chart-spec.ts';
import { lineOf } from '../palette.ts';

type Curve = keyof ExperimentRun['curve'];

/** Mean over the seeds of each variant, against time of the pod and against steps. */
export function lossCurves({ variants, seeds }: ExperimentResult): ChartSpec | null {
  const shown = variants.filter(hasCurve);
  if (shown.length === 0) return null;
  const finding = `Means over ${seeds.length} seeds; ${lastPoints(shown, 'losses', (value) => value.toFixed(3))}.`;
  const view = (label: string, x: Curve, xLabel: string, unit: string): CurvesView =>
    curvesView(shown, {
      label,
      finding,
      x,
      xAxis: { label: xLabel, unit },
      y: 'losses',
      valueAxis: { label: 'Loss, nats a byte', unit: '' },
    });
  return {
    id: 'losses',
    title: 'Loss while learning',
    shows:
      'Cross-entropy of the words that are being learned, in the mean of the steps since the point before. Lower is better; further to the left is sooner.',
    width: 'full',
    choose: 'Against',
    views: [view('time of the pod', 'seconds', 'Simulated time', 's'), view('steps', 'steps', 'Step', '')],
  };
}

export function dropCurves({ variants, seeds }: ExperimentResult): ChartSpec | null {
  const shown = variants.filter((variant) => hasCurve(variant) && variant.measures.dropRate !== undefined);
  if (shown.length === 0) return null;
  const finding = `Means over ${seeds.length} seeds; ${lastPoints(shown, 'dropRates', formatShare)}.`;
  return {
    id: 'drops',
    title: 'Dropped choices while learning',
    shows: 'Share of the choices of all Switch layers that found no slot, in the mean of the steps since the point before.',
    width: 'full',
    choose: 'Against',
    views: [
      curvesView(shown, {
        ...{ label: 'steps', finding, x: 'steps', xAxis: { label: 'Step', unit: '' } },
        ...{ y: 'dropRates', valueAxis: { label: 'Dropped choices', unit: 'fraction' } },
      }),
    ],
  };
}

interface Axes {
  readonly label: string;
  readonly finding: string;
  readonly x: Curve;
  readonly xAxis: CurvesView['xAxis'];
  readonly y: Curve;
  readonly valueAxis: CurvesView['valueAxis'];
}

/** Variants that stand at other places of the axis have rows of their own. */
function curvesView(variants: readonly ExperimentVariant[], { label, finding, x, xAxis, y, valueAxis }: Axes): CurvesView {
  const rows = new Map<number, Cell[]>();
  for (const [column, variant] of variants.entries()) {
    const xs = meansOf(variant, x);
    for (const [point, value] of meansOf(variant, y).entries()) {
      const row = rows.get(xs[point]) ?? new Array<Cell>(variants.length).fill('');
      row[column] = value;
      rows.set(xs[point], row);
    }
  }
  return {
    kind: 'curves',
    label,
    finding,
    table: {
      columns: [{ label: xAxis.label, unit: xAxis.unit }, ...variants.map(({ name }) => ({ label: name, unit: valueAxis.unit }))],
      rows: [...rows].sort(([a], [b]) => a - b).map(([at, cells]) => [at, ...cells]),
    },
    x: 0,
    xAxis,
    valueAxis,
    fromZero: y === 'dropRates',
    series: variants.map((_, i) => ({ column: i + 1, ...lineOf(i) })),
    references: [],
  };
}

function hasCurve({ runs }: ExperimentVariant): boolean {
  return runs.some(({ divergedAt }) => divergedAt === null);
}

/** Over the seeds that came to the end. */
function meansOf({ runs }: ExperimentVariant, of: Curve): number[] {
  const whole = runs.filter(({ divergedAt }) => divergedAt === null).map(({ curve }) => curve[of]);
  return whole[0].map((_, point) => mean(whole.map((values) => values[point])));
}

/** Of a few variants all, of many the lowest and the highest. */
const FEW = 4;

function lastPoints(variants: readonly ExperimentVariant[], of: Curve, format: (value: number) => string): string {
  const points = variants.map((variant) => ({ name: variant.name, value: last(variant, of) })).sort((a, b) => a.value - b.value);
  const text = ({ name, value }: (typeof points)[number]): string => `${format(value)} (${name})`;
  if (points.length <= FEW) return `the last points are ${points.map(text).join(', ')}`;
  return `the last points go from ${text(points[0])} to ${text(points[points.length - 1])}`;
}

function last(variant: ExperimentVariant, of: Curve): number {
  return meansOf(variant, of).at(-1) ?? Number.NaN;
}
