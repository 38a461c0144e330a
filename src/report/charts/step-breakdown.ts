import { STAGES } from '../../program/index.ts';
import { type BreakdownRow, formatShare, formatValue, type Result } from '../../result/index.ts';
import type { BarsView, Cell, ChartSpec, Column, Series } from '../chart-spec.ts';
import { stageLabel } from '../stage-labels.ts';

/**
 * Where the step goes, by part of the model and by stage. Copy this one for a new chart: a pure function from a Result to a table
 * and the columns of it that are drawn.
 */
export function stepBreakdown(result: Result): ChartSpec {
  const rows = result.detail.breakdown;
  return {
    id: 'step-breakdown',
    title: 'Where the step goes',
    shows: `Simulated time of device ${result.detail.timeline.device}, which waits most nearly as long as the mean device, by part of the model. Blue and teal are computation by stage; orange is communication that no computation hides; grey is waiting for other devices. All bars together are one step.`,
    width: 'full',
    choose: 'Rows',
    views: [byPart(rows), byStage(rows)],
  };
}

function byPart(rows: readonly BreakdownRow[]): BarsView {
  const columns: Column[] = [{ label: 'Part', unit: '' }];
  for (const stage of STAGES) columns.push({ label: stageLabel(stage), unit: 's' });
  columns.push({ label: 'Exposed communication', unit: 's' }, { label: 'Waiting', unit: 's' }, { label: 'Total', unit: 's' });
  const parts = [...new Set(rows.map((row) => row.part))];
  const table = parts.map((part): Cell[] => {
    const of = (kind: BreakdownRow['kind'], stage?: number): number =>
      sum(rows.filter((row) => row.part === part && row.kind === kind).map((row) => secondsOf(row, stage)));
    const compute = STAGES.map((_, stage) => of('compute', stage));
    const cells = [...compute, of('exposedCommunication'), of('wait')];
    return [part, ...cells, sum(cells)];
  });
  table.sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)));
  const series: Series[] = STAGES.map((stage, i) => ({ column: 1 + i, role: stage }));
  series.push({ column: 1 + STAGES.length, role: 'exposed' }, { column: 2 + STAGES.length, role: 'wait' });
  return bars('By part of the model', { columns, rows: table }, series);
}

function byStage(rows: readonly BreakdownRow[]): BarsView {
  const columns: Column[] = [
    { label: 'Stage', unit: '' },
    { label: 'Compute', unit: 's' },
    { label: 'Exposed communication', unit: 's' },
    { label: 'Waiting', unit: 's' },
    { label: 'Total', unit: 's' },
  ];
  const table = STAGES.map((stage, i): Cell[] => {
    const of = (kind: BreakdownRow['kind']): number => sum(rows.filter((row) => row.kind === kind).map((row) => secondsOf(row, i)));
    const cells = [of('compute'), of('exposedCommunication'), of('wait')];
    return [stageLabel(stage), ...cells, sum(cells)];
  });
  return bars('By stage of the step', { columns, rows: table }, [
    { column: 1, role: 'compute' },
    { column: 2, role: 'exposed' },
    { column: 3, role: 'wait' },
  ]);
}

function bars(label: string, table: BarsView['table'], series: readonly Series[]): BarsView {
  const drawn = series.filter(({ column }) => table.rows.some((row) => row[column] !== 0));
  return {
    kind: 'bars',
    label,
    finding: finding(table.rows),
    table,
    direction: 'horizontal',
    stacked: true,
    category: 0,
    categoryAxis: table.columns[0]?.label ?? '',
    valueAxis: { label: 'Simulated seconds of one step', unit: 's' },
    series: drawn,
    references: [],
  };
}

function finding(rows: readonly (readonly Cell[])[]): string {
  const total = sum(rows.map((row) => Number(row.at(-1))));
  const largest = [...rows].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1))).slice(0, 3);
  const named = largest.map((row) => `${row[0]} ${formatValue(Number(row.at(-1)), 's')} (${formatShare(Number(row.at(-1)) / total)})`);
  return `Largest of ${formatValue(total, 's')}: ${named.join(', ')}.`;
}

function secondsOf(row: BreakdownRow, stage?: number): number {
  return stage === undefined ? sum(row.secondsByStage) : (row.secondsByStage[stage] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
