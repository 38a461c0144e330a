import { formatNumber, formatSeconds } from '../result/index.ts';
import type { MicrobenchReport, MicrobenchRow, WorkedRow } from '../validation/index.ts';
import { MICROBENCH_TOLERANCE } from '../validation/index.ts';
import { printable } from './printable.ts';
import { alignedTable, cut, wrapText } from './table.ts';

const WIDTH = 80;

/** Every point beside the curve that has not seen it, what was missed and why, and the curves. */
export function microbenchText(report: MicrobenchReport & { readonly workedProblems: readonly WorkedRow[] }): string {
  const lines = [
    ...pointLines(report.rows),
    '',
    ...missedLines(report.rows),
    ...curveLines(report),
    '',
    ...workedLines(report.workedProblems),
    '',
    ...conclusion(report),
  ];
  return `${lines.map((line) => cut(printable(line), WIDTH)).join('\n')}\n`;
}

function pointLines(rows: readonly MicrobenchRow[]): string[] {
  const cells = rows.map((row) => [
    row.record,
    row.size,
    formatSeconds(row.measuredSeconds),
    formatSeconds(row.predictedSeconds),
    `${row.deviation > 0 ? '+' : ''}${(row.deviation * 100).toFixed(1)} %`,
    row.verdict,
  ]);
  return [
    ...alignedTable([['point', 'size', 'measured', 'predicted', 'error', ''], ...cells], [2, 3, 4]),
    'predicted by a curve that was fitted without the point; by that of v7 where a',
    'chip has too few points of its own',
  ];
}

function missedLines(rows: readonly MicrobenchRow[]): string[] {
  const missed = rows.filter(({ verdict }) => verdict === 'outside');
  const reasons = new Map(missed.map(({ record, why }) => [record, why ?? 'no reason is known']));
  return [...reasons].flatMap(([record, why]) => [...wrapText(`${record}: ${why}`, WIDTH), '']);
}

function curveLines({ curves }: MicrobenchReport): string[] {
  const rows = curves.map(({ kind, chip, constants, borrowedFrom }) => {
    const words = Object.entries(constants).map(([name, value]) => `${name} ${short(value)}`);
    return `${kind} of ${chip}: ${words.join(', ')}${borrowedFrom === null ? '' : `; all but the share from ${borrowedFrom}`}`;
  });
  return rows.flatMap((row) => wrapText(row, WIDTH));
}

function workedLines(rows: readonly WorkedRow[]): string[] {
  const cells = rows.map(({ id, quantity, printed, ours, exact, met }) => [
    id,
    quantity,
    short(printed),
    short(ours),
    exact === null ? '' : short(exact),
    met ? 'met' : 'not met',
  ]);
  return [
    ...alignedTable([['worked problem', 'quantity', 'printed', 'same form', 'exact', ''], ...cells], [2, 3, 4]),
    'same form: as the source computes it, with our numbers; exact: by our formulas',
  ];
}

function short(value: number): string {
  return value < 1e-3 || value >= 1e5 ? value.toExponential(2) : formatNumber(value);
}

function conclusion({ within, outside, passed }: MicrobenchReport): string[] {
  const tolerance = `${MICROBENCH_TOLERANCE * 100} %`;
  return [
    `${within} of ${within + outside} points within ${tolerance}`,
    passed ? 'passed: every point that is missed says why' : 'failed: nothing was compared, or a point is missed without a reason',
  ];
}
