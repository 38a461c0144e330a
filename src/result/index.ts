/**
 * Result: the answer to a scenario as plain JSON. `types.ts` is its shape, `metrics.ts` what each number means, `statistics.ts` the intervals,
 * `compare.ts` variants against the first of them, `summary.ts` and `format.ts` the words for a terminal, `schema.ts` the door for stored files.
 */
export { hasOwnCapacity, hasSlots, readsCapacityFactor, UNBOUNDED } from './capacity.ts';
export * from './collective-result.ts';
export { type ComparisonInput, compareResults, type VariantRun } from './compare.ts';
export * from './experiment-result.ts';
export { formatMeasureDifference, formatMeasureInterval, formatShareInterval, MEASURE_LABELS, shownMeasures } from './experiment-text.ts';
export { resultFingerprint } from './fingerprint.ts';
export {
  formatArrayBytes,
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatSeconds,
  formatShare,
  formatValue,
} from './format.ts';
export { groupWarnings } from './group-warnings.ts';
export { directionName, linkName } from './link-names.ts';
export { METRICS, type MetricDefinition, metricsFrom, metricValue } from './metrics.ts';
export { isIssues, readStored, type Stored } from './schema.ts';
export {
  type MeanInterval,
  mean,
  meanInterval95,
  pairedDifference95,
  sampleStandardDeviation,
  shareInterval95,
  standardErrorOfMean,
} from './statistics.ts';
export { formatSummary, type SummaryRow, summarise } from './summary.ts';
export {
  type ByteRow,
  bitsOf,
  expertsOf,
  formatLoss,
  sharesOf,
  type TrainingFigures,
  trainingFigures,
} from './training-figures.ts';
export * from './training-result.ts';
export { summariseTraining } from './training-summary.ts';
export * from './types.ts';
export { utilisationNote } from './utilisation.ts';
export { variantTitle, variedValueText } from './varied-value.ts';
