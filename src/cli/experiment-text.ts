import { join } from 'node:path';
import {
  type ClaimOutcome,
  type ExperimentResult,
  type ExperimentVariant,
  formatMeasureDifference,
  formatMeasureInterval,
  formatShareInterval,
  type GainOutcome,
  MEASURE_LABELS,
  shownMeasures,
} from '../result/index.ts';
import { EXPERIMENT_FILES } from './output-files.ts';
import { printable } from './printable.ts';
import { alignedTable, wrapText } from './table.ts';

const WIDTH = 80;

/** Table of the variants with their intervals over seeds, the claims and what is seen of them. */
export function experimentText(result: ExperimentResult, folder: string): string {
  const { name, question, seeds, variants, claims, gains } = result;
  const shown = shownMeasures(variants);
  const cellsOf = ({ measures }: ExperimentVariant): string[] =>
    shown.map((measure) => {
      const row = measures[measure];
      return row === undefined ? '-' : formatMeasureInterval(measure, row);
    });
  const rows = [
    ['', ...shown.map((measure) => MEASURE_LABELS[measure])],
    ...variants.map((variant) => [variant.name, ...cellsOf(variant)]),
  ];
  const lines = [
    ...wrapText(`${name}: ${question}`, WIDTH),
    '',
    ...tablesWithin(rows, WIDTH).flatMap((table) => [...table, '']),
    `means and 95 % intervals over ${seeds.length} seeds`,
    '',
    ...claims.flatMap(claimLines),
    ...gains.flatMap(gainLines),
    `page   ${join(folder, EXPERIMENT_FILES.page)}`,
    `files  ${EXPERIMENT_FILES.result} beside it, and a folder for each variant`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** The columns behind the first one, parted into tables of at most `width` characters, each with the first one again. */
function tablesWithin(rows: readonly (readonly string[])[], width: number): string[][] {
  const tableOf = (columns: readonly number[]): string[] =>
    alignedTable(
      rows.map((row) => [row[0], ...columns.map((column) => row[column])]),
      columns.map((_, at) => at + 1),
    );
  const isWide = (columns: readonly number[]): boolean => tableOf(columns).some((line) => line.length > width);
  const parts: number[][] = [];
  for (let column = 1; column < rows[0].length; column++) {
    const last = parts.at(-1);
    if (last === undefined || isWide([...last, column])) parts.push([column]);
    else last.push(column);
  }
  return parts.map(tableOf);
}

/** The first line stands at the margin, what is left of the text and the source behind it. */
function sourced(text: string, source: string): string[] {
  const [first, ...others] = wrapText(text, WIDTH - 4);
  return [first, ...[...others, ...wrapText(`(${source})`, WIDTH - 4)].map((line) => `    ${line}`)];
}

function claimLines({ variant, than, measure, is, source, difference, verdict }: ClaimOutcome): string[] {
  const found = difference === null ? '' : `: ${formatMeasureDifference(measure, difference)}`;
  return sourced(`${verdict.toUpperCase()}: ${MEASURE_LABELS[measure]} of "${variant}" ${is} than of "${than}"${found}`, source);
}

function gainLines({ variant, with: best, without, measure, source, kept }: GainOutcome): string[] {
  const found = kept === null ? 'NO GAIN SEEN' : `KEPT ${formatShareInterval(kept)}`;
  return sourced(`${found} by "${variant}" of what "${best}" gains over "${without}" in ${MEASURE_LABELS[measure]}`, source);
}
