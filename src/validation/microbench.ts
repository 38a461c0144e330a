import type { Seconds } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { type CurveSeries, type FittedCurve, fitCurves, predictWithout, seriesOf } from './fit-curves.ts';
import type { MicrobenchKind, MicrobenchRecord } from './microbench-record.ts';

/** A curve that has not seen a point is right where it is within a tenth of it. */
export const MICROBENCH_TOLERANCE = 0.1;

export interface MicrobenchRow {
  readonly record: string;
  readonly kind: MicrobenchKind;
  readonly chip: string;
  readonly size: string;
  readonly source: string;
  readonly measuredSeconds: Seconds;
  /** By a curve that was fitted without this point. */
  readonly predictedSeconds: Seconds;
  /** predicted / measured - 1. */
  readonly deviation: number;
  /** The chip whose curve it is. */
  readonly curveOf: string;
  readonly verdict: 'within' | 'outside';
  /** Why no curve meets the point, where that is known. */
  readonly why: string | null;
}

export interface MicrobenchReport {
  readonly curves: readonly FittedCurve[];
  readonly rows: readonly MicrobenchRow[];
  readonly within: number;
  readonly outside: number;
  /** Something was looked at, and every point that is missed says why. */
  readonly passed: boolean;
}

/** Every micro-benchmark point against the curve that is fitted to all others of its chip, or to those of the chip with the most. */
export function microbenchReport(records: readonly MicrobenchRecord[], chips: Readonly<Record<string, Chip>>): MicrobenchReport {
  const series = seriesOf(records, chips);
  const rows = series.flatMap((one) => one.rows.map((_, row) => rowOf(series, one, row)));
  const outside = rows.filter(({ verdict }) => verdict === 'outside');
  return {
    curves: fitCurves(series),
    rows,
    within: rows.length - outside.length,
    outside: outside.length,
    passed: rows.length > 0 && outside.every(({ why }) => why !== null),
  };
}

function rowOf(series: readonly CurveSeries[], one: CurveSeries, row: number): MicrobenchRow {
  const { record, sample } = one.rows[row];
  const { seconds, from } = predictWithout(series, one, row);
  const deviation = seconds / sample.seconds - 1;
  return {
    record: record.id,
    kind: one.kind,
    chip: one.chip,
    size: sample.label,
    source: record.source,
    measuredSeconds: sample.seconds,
    predictedSeconds: seconds,
    deviation,
    curveOf: from,
    verdict: Math.abs(deviation) <= MICROBENCH_TOLERANCE ? 'within' : 'outside',
    why: record.why ?? null,
  };
}
