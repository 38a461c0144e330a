import {
  type Comparison,
  formatBytes,
  METRICS,
  type Metric,
  type MetricName,
  type Variant,
  variantTitle,
  variedValueText,
} from '../result/index.ts';
import type { BarsView, Cell, ChartSpec, Column, ReferenceLine, Series } from './chart-spec.ts';
import { formatRatio } from './format.ts';
import { formatMetric, metricOf, metricTitle } from './metric-text.ts';
import { seriesRole } from './palette.ts';

/** Metrics that get a picture of their own, in this order. */
const DRAWN: readonly MetricName[] = [
  'stepSeconds',
  'waitSeconds',
  'allToAllBytesPerDevice',
  'droppedTokenFraction',
  'hbmPeakBytes',
  'dollarsPerBillionTokens',
  'maxOverMeanExpertLoad',
];

/** Bars of each metric over the variants; two varied keys give one colour per value of the first and one group per value of the second. */
export function comparisonCharts(comparison: Comparison): readonly ChartSpec[] {
  return DRAWN.filter((name) => isDrawn(comparison.variants, name)).map((name) => {
    const drawn = view(comparison.variants, name);
    const isLong = drawn.direction === 'vertical' && drawn.table.rows.length > MOST_GROUPS_OF_HALF;
    return {
      id: `compare-${name}`,
      title: metricTitle(name),
      shows: shows(name),
      width: isLong ? 'full' : 'half',
      choose: '',
      views: [drawn],
    };
  });
}

/** Under half of a page the names of more groups than this have no room beside one another. */
const MOST_GROUPS_OF_HALF = 5;

/** Every variant has the number; and where no device of any waits, a picture of waiting would be empty. */
function isDrawn(variants: readonly Variant[], name: MetricName): boolean {
  const found = variants.map((variant) => metric(variant, name));
  return found.every((one) => one !== undefined) && (name !== 'waitSeconds' || found.some((one) => one !== undefined && one.value > 0));
}

function shows(name: MetricName): string {
  if (METRICS[name].better === null) return 'One bar per variant.';
  return METRICS[name].better === 'lower' ? 'One bar per variant; lower is better.' : 'One bar per variant; higher is better.';
}

function view(variants: readonly Variant[], name: MetricName): BarsView {
  const paths = Object.keys(variants[0]?.vary ?? {});
  const [seriesPath, groupPath] = paths;
  const grid = paths.length === 2 && seriesPath !== undefined && groupPath !== undefined;
  const { unit } = METRICS[name];
  const { columns, rows, series } = grid ? gridTable(variants, name, unit, seriesPath, groupPath) : listTable(variants, name, unit);
  return {
    kind: 'bars',
    label: metricTitle(name),
    finding: finding(variants, name),
    table: { columns, rows },
    direction: grid ? 'vertical' : 'horizontal',
    stacked: false,
    category: 0,
    categoryAxis: columns[0]?.label ?? '',
    valueAxis: { label: metricTitle(name), unit },
    series,
    references: name === 'hbmPeakBytes' ? capacityLine(variants) : [],
  };
}

interface DrawnTable {
  readonly columns: Column[];
  readonly rows: Cell[][];
  readonly series: Series[];
}

function gridTable(variants: readonly Variant[], name: MetricName, unit: string, seriesPath: string, groupPath: string): DrawnTable {
  const distinct = (path: string): string[] => [...new Set(variants.map((variant) => variedValueText(variant.vary[path])))];
  const columns: Column[] = [{ label: lastWord(groupPath), unit: '' }];
  const series = distinct(seriesPath).map((label, i): Series => {
    columns.push({ label, unit });
    return { column: 1 + i, role: seriesRole(i) };
  });
  const rows = distinct(groupPath).map((group): Cell[] => {
    const cells = distinct(seriesPath).map((label): Cell => {
      const variant = variants.find((v) => variedValueText(v.vary[seriesPath]) === label && variedValueText(v.vary[groupPath]) === group);
      return metric(variant, name)?.value ?? '';
    });
    return [group, ...cells];
  });
  return { columns, rows, series };
}

function listTable(variants: readonly Variant[], name: MetricName, unit: string): DrawnTable {
  return {
    columns: [
      { label: 'Variant', unit: '' },
      { label: metricTitle(name), unit },
      { label: 'Lower end (95 %)', unit },
      { label: 'Upper end (95 %)', unit },
    ],
    rows: variants.map((variant) => {
      const found = metric(variant, name);
      return [variantTitle(variant.vary), found?.value ?? '', found?.interval?.[0] ?? '', found?.interval?.[1] ?? ''];
    }),
    series: [{ column: 1, role: seriesRole(0), low: 2, high: 3 }],
  };
}

/** One line where all variants run on devices of one size. */
function capacityLine(variants: readonly Variant[]): readonly ReferenceLine[] {
  const capacities = new Set(variants.map((variant) => metric(variant, 'hbmCapacityBytes')?.value));
  const [capacity] = capacities;
  return capacities.size === 1 && capacity !== undefined ? [{ label: `Capacity ${formatBytes(capacity)}`, value: capacity }] : [];
}

function finding(variants: readonly Variant[], name: MetricName): string {
  const sorted = variants.flatMap((variant) => {
    const found = metric(variant, name);
    return found === undefined ? [] : [{ variant, found }];
  });
  sorted.sort((a, b) => a.found.value - b.found.value);
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return '';
  if (low.found.value === high.found.value) return `${formatMetric(low.found)} for every variant.`;
  const ratio = low.found.value > 0 ? `, ${formatRatio(high.found.value / low.found.value)} as much` : '';
  return `From ${formatMetric(low.found)} (${variantTitle(low.variant.vary)}) to ${formatMetric(high.found)} (${variantTitle(high.variant.vary)}${ratio}).`;
}

function metric(variant: Variant | undefined, name: MetricName): Metric | undefined {
  return variant === undefined ? undefined : metricOf(variant.metrics, name);
}

function lastWord(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
