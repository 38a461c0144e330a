import { formatBytes, formatNumber, formatSeconds, formatShare } from './format.ts';
import type { SummaryRow } from './summary.ts';
import { bitsOf, formatLoss, type TrainingFigures, trainingFigures } from './training-figures.ts';
import type { TrainingResult } from './training-result.ts';

/** A training run on one screen, for `formatSummary`. */
export function summariseTraining(result: TrainingResult): readonly SummaryRow[] {
  const figures = trainingFigures(result);
  const { crossEntropies, texts, layers, cores, slice, provenance } = result;
  return [
    {
      label: 'loss',
      value: formatLoss(crossEntropies.at(-1) ?? Number.NaN),
      note: `nats a byte in step ${formatNumber(figures.steps)}; ${formatLoss(crossEntropies[0] ?? Number.NaN)} in the first`,
    },
    ...heldOutRows(result, figures),
    ...(layers.length === 0
      ? []
      : [
          {
            label: 'dropped choices',
            value: formatShare(figures.lateDropRate),
            note: `over the last ${figures.lateSteps === 1 ? 'step' : counted(figures.lateSteps, 'step')}; ${formatShare(result.dropRates[0] ?? 0)} in the first`,
          },
        ]),
    { label: 'simulated time', value: formatSeconds(figures.simulatedSeconds), note: `on ${counted(cores, 'core')}, ${slice}` },
    {
      label: 'wall time',
      value: formatSeconds(provenance.wallSeconds),
      note: `on ${counted(provenance.threads, 'thread')}, ${provenance.kernelPath}`,
    },
    bytesRow(figures),
    ...(result.skippedBatches.length === 0
      ? []
      : [
          {
            label: 'skipped batches',
            value: formatNumber(result.skippedBatches.length),
            note: 'a loss or gradient was no number',
          },
        ]),
    { label: 'texts', value: formatNumber(texts.length), note: texts.map(({ name }) => name).join(', ') },
    { label: 'fingerprint', value: '', note: result.fingerprint },
  ];
}

function heldOutRows({ texts }: TrainingResult, { lastEvaluation: last, firstEvaluation: first }: TrainingFigures): SummaryRow[] {
  if (last === null || first === null) return [];
  const before = first.step === last.step ? '' : `; ${formatLoss(first.crossEntropy)} after step ${formatNumber(first.step)}`;
  return [
    {
      label: 'held-out loss',
      value: formatLoss(last.crossEntropy),
      note: `nats a byte, ${formatLoss(bitsOf(last.crossEntropy))} bits${before}`,
    },
    ...(texts.length < 2
      ? []
      : texts.flatMap(({ name }, text) =>
          last.ofTexts[text] === undefined
            ? []
            : [{ label: `  ${name}`, value: formatLoss(last.ofTexts[text]), note: `${formatLoss(bitsOf(last.ofTexts[text]))} bits` }],
        )),
  ];
}

function bytesRow({ bytes, differing }: TrainingFigures): SummaryRow {
  const sum = bytes.reduce((total, row) => total + row.counted, 0);
  const note =
    bytes.length === 0
      ? 'no core sends anything to another'
      : differing === 0
        ? `a step, as predicted in all ${counted(bytes.length, 'row')}`
        : `a step; NOT AS PREDICTED in ${formatNumber(differing)} of ${counted(bytes.length, 'row')}`;
  return { label: 'bytes between cores', value: formatBytes(sum), note };
}

function counted(count: number, word: string): string {
  return `${formatNumber(count)} ${word}${count === 1 ? '' : 's'}`;
}
