import type { Chip } from '../hardware/index.ts';
import type { PublishedRecord } from './record.ts';

/** What a step time means in the terms of a published table. Null when the record lacks the numbers, or the metric is not about the step. */
export function metricOfStep(record: PublishedRecord, metric: string, stepSeconds: number, chip: Chip): number | null {
  const topology = { ...record.topology, ...record.assumedForReplay?.topology };
  const { sequences, tokensPerStep } = { ...record.batch, ...record.assumedForReplay?.batch };
  const tflop = record.modelTflopPerStep ?? null;
  const perChip = (amount: number | null): number | null =>
    amount === null || topology.chips === null ? null : amount / stepSeconds / topology.chips;
  switch (metric) {
    case 'stepSeconds':
      return stepSeconds;
    case 'stepsPerSecond':
      return 1 / stepSeconds;
    case 'examplesPerSecond':
      return sequences === null ? null : sequences / stepSeconds;
    case 'tokensPerSecondPerChip':
      return perChip(tokensPerStep);
    case 'tflopsPerChip':
      return perChip(tflop);
    case 'mfu':
      return perChip(tflop === null ? null : (tflop * 1e12) / chip.matmulFlopsPerSecond);
    default:
      return null;
  }
}

/** The metric as the record has it: through its step time, or as printed beside it. */
export function publishedMetric(record: PublishedRecord, metric: string, chip: Chip): number | null {
  const { stepSecondsDerived } = record;
  const through = stepSecondsDerived === null ? null : metricOfStep(record, metric, stepSecondsDerived, chip);
  return through ?? printedNumber(record, metric);
}

/** A number that the source prints; null where it prints none. */
export function printedNumber({ measured }: PublishedRecord, name: string): number | null {
  const value = Object.hasOwn(measured, name) ? measured[name] : null;
  return typeof value === 'number' ? value : null;
}
