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
import { alignedTable } from './table.ts';

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
  const right = shown.map((_, column) => column + 1);
  const lines = [
    `${name}: ${question}`,
    '',
    ...alignedTable(rows, right),
    `means and 95 % intervals over ${seeds.length} seeds`,
    '',
    ...claims.flatMap(claimLines),
    ...gains.flatMap(gainLines),
    `page   ${join(folder, EXPERIMENT_FILES.page)}`,
    `files  ${EXPERIMENT_FILES.result} beside it, and a folder for each variant`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function claimLines({ variant, than, measure, is, source, difference, verdict }: ClaimOutcome): string[] {
  const found = difference === null ? '' : `: ${formatMeasureDifference(measure, difference)}`;
  return [`${verdict.toUpperCase()}  ${MEASURE_LABELS[measure]} of "${variant}" ${is} than of "${than}"${found}`, `    (${source})`];
}

function gainLines({ variant, with: best, without, measure, source, kept }: GainOutcome): string[] {
  const found = kept === null ? 'NO GAIN SEEN' : `KEPT ${formatShareInterval(kept)}`;
  return [`${found}  by "${variant}" of what "${best}" gains over "${without}" in ${MEASURE_LABELS[measure]}`, `    (${source})`];
}
