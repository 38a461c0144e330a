import { gibibytes } from '../base/index.ts';
import type { Plan, RankedSlice } from '../plan/index.ts';
import { formatCount, formatDollars, formatNumber, formatSeconds, utilisationNote } from '../result/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { printable } from './printable.ts';
import { alignedTable, cut, wrapText } from './table.ts';

const WIDTH = 80;

/** The ranked slices, then the rejected ones with their reasons. */
export function planText({ name, workload, precision }: Scenario, { chip, ranked, rejected, tokensPerStep, budgetTokens }: Plan): string {
  const step = `${formatNumber(workload.sequences)} sequences, ${formatNumber(tokensPerStep)} tokens per step`;
  const budget = budgetTokens === null ? '' : `; ${formatCount(budgetTokens).replace(' ', '')} tokens in all`;
  const peak = utilisationNote(precision);
  const nameWidth = Math.max(0, ...rejected.map(({ slice }) => slice.length));
  const lines = [
    `${name} on slices of ${chip}`,
    `${step}${budget}`,
    ...(peak === '' || budgetTokens !== null ? [] : [`MFU ${peak}`]),
    '',
    ...(ranked.length === 0 ? ['no feasible slice'] : rankedTable(ranked)),
    ...(rejected.length === 0 ? [] : ['', 'rejected']),
    ...rejected.flatMap(({ slice, reasons }) => reasonLines(slice.padEnd(nameWidth), reasons)),
  ];
  return `${lines.map((line) => cut(printable(line), WIDTH)).join('\n')}\n`;
}

function rankedTable(ranked: readonly RankedSlice[]): string[] {
  const withBudget = ranked.some(({ budget }) => budget !== null);
  const heading = ['', 'slice', 'chips', 'step', 'tokens/s', '$/1e9', 'HBM', ...(withBudget ? ['days', 'dollars'] : ['MFU'])];
  const rows = ranked.map((row) => [
    row.onParetoFront ? '*' : '',
    row.slice,
    String(row.chips),
    formatSeconds(row.stepSeconds),
    formatCount(row.tokensPerSecond),
    formatDollars(row.dollarsPerBillionTokens),
    gibibytes(row.hbmPeakBytes),
    ...(row.budget === null ? [`${(row.mfu * 100).toFixed(1)} %`] : [formatNumber(row.budget.days), formatDollars(row.budget.dollars)]),
  ]);
  return [...alignedTable([heading, ...rows], [2, 3, 4, 5, 6, 7, 8]), '* nothing else is as fast and as cheap; closed form, not simulated'];
}

/** The slice stands before its first reason only; long reasons go on below. */
function reasonLines(slice: string, reasons: readonly { readonly message: string }[]): string[] {
  const margin = `  ${' '.repeat(slice.length)}  `;
  const lines = reasons.flatMap(({ message }) => wrapText(message, WIDTH - margin.length));
  return lines.map((line, index) => (index === 0 ? `  ${slice}  ${line}` : margin + line));
}
