import { formatNumber, formatSeconds } from '../result/index.ts';
import { LEVEL_TOLERANCE, type Validation, type ValidationRow, type ValidationSummary } from '../validation/index.ts';
import { printable } from './printable.ts';
import { alignedTable, cut, wrapText } from './table.ts';

const WIDTH = 80;
const LONGEST_ID = 30;

type Wiring = keyof ValidationRow['seconds'];

const SILENT_CONTRAST = 'contrast: no prediction of';

/** Levels, ratios, what was skipped and why, and what it comes to. */
export function validationText({ rows, contrasts, skipped, summary }: Validation): string {
  const lines = [...levelTable(rows), ...contrastTable(contrasts), ...skippedLines(skipped), '', ...conclusion(summary)];
  return `${lines.map((line) => cut(printable(line), WIDTH)).join('\n')}\n`;
}

function levelTable(rows: Validation['rows']): string[] {
  if (rows.length === 0) return ['no record could be replayed'];
  const wirings = (['open', 'closed', 'assumed'] as const).filter(
    (wiring) => rows.some((row) => row.seconds[wiring] !== undefined) && !isShownElsewhere(wiring, rows),
  );
  const table = alignedTable(
    [
      ['step time', 'published', ...wirings, 'deviation', ''],
      ...rows.map((row) => [
        cut(row.id, LONGEST_ID),
        row.publishedSeconds === null ? '-' : formatSeconds(row.publishedSeconds),
        ...wirings.map((wiring) => formatSeconds(row.seconds[wiring] ?? Number.NaN)),
        row.deviation === null ? '-' : signedPercent(row.deviation),
        verdictWords(row),
      ]),
    ],
    [1, 2, 3, 4, 5].slice(0, wirings.length + 2),
  );
  const judged = [...new Set(rows.map(judgedWiring))];
  const how = judged.length === 1 ? `the ${judged[0]} slice is judged` : 'each slice is judged as its chip is wired by default';
  return [...table, `simulated / published - 1; ${how}`];
}

/** The assumed wiring needs no column where every row has it under another name. */
function isShownElsewhere(wiring: Wiring, rows: Validation['rows']): boolean {
  return wiring === 'assumed' && rows.every((row) => judgedWiring(row) !== 'partly closed');
}

function judgedWiring({ wrap }: ValidationRow): string {
  if (wrap.every((closed) => closed)) return 'closed';
  return wrap.some((closed) => closed) ? 'partly closed' : 'open';
}

function contrastTable(contrasts: Validation['contrasts']): string[] {
  if (contrasts.length === 0) return [];
  const rows = contrasts.map((row) => [
    cut(row.id, LONGEST_ID),
    formatNumber(row.published),
    formatNumber(row.predicted),
    signedPercent(row.deviation),
    row.directionRight ? verdictWords(row) : 'wrong direction',
  ]);
  return ['', ...alignedTable([['ratio of two runs', 'published', 'simulated', 'deviation', ''], ...rows], [1, 2, 3])];
}

function verdictWords({ verdict, counts }: { readonly verdict: ValidationRow['verdict']; readonly counts: boolean }): string {
  return counts ? verdict : `${verdict} (doubtful)`;
}

/** One line per record; contrasts without a prediction on either side follow from them and are counted. */
function skippedLines(skipped: Validation['skipped']): string[] {
  const idle = skipped.filter(({ reason }) => reason.startsWith(SILENT_CONTRAST));
  const others = skipped.filter(({ reason }) => !reason.startsWith(SILENT_CONTRAST));
  if (skipped.length === 0) return [];
  return [
    '',
    `skipped: ${skipped.length} (all reasons by --json)`,
    ...others.map(({ id, reason }) => `  ${id}: ${reason}`),
    ...(idle.length === 0 ? [] : [`  ${idle.length} contrasts: a side has no prediction`]),
  ];
}

function conclusion({ levels, levelsOutside, contrasts, contrastsOutside, passed }: ValidationSummary): string[] {
  const errors = [
    ['', 'rows', 'median', 'mean', 'worst', 'outside'],
    ['step times', ...errorCells(levels), String(levelsOutside)],
    ['ratios', ...errorCells(contrasts), String(contrastsOutside)],
  ];
  return [
    ...alignedTable(errors, [1, 2, 3, 4, 5]),
    '',
    ...wrapText(
      `Tolerance ${percent(LEVEL_TOLERANCE)} on step times and 2.5 times the stated noise on ratios. This version is uncalibrated: it follows from chip data and is fitted to none of these numbers, so rows outside are to be expected.`,
      WIDTH,
    ),
    passed ? 'passed' : levels.count + contrasts.count === 0 ? 'failed: nothing was compared' : 'failed: rows are outside their tolerance',
  ];
}

function errorCells({ count, median, mean, worst }: ValidationSummary['levels']): string[] {
  return [String(count), ...[median, mean, worst].map((error) => (error === null ? '-' : percent(error)))];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signedPercent(share: number): string {
  return `${share > 0 ? '+' : ''}${percent(share)}`;
}
