import { assert } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { CURVE_CONSTANTS, type CurveSample, curveLaw, SHARE_ROW, samplesOf } from './curve-samples.ts';
import type { MicrobenchKind, MicrobenchRecord } from './microbench-record.ts';
import { fitRelative } from './relative-fit.ts';

/** Everything that was measured of one kind on one chip. */
export interface CurveSeries {
  readonly kind: MicrobenchKind;
  readonly chip: string;
  readonly rows: readonly { readonly record: MicrobenchRecord; readonly sample: CurveSample }[];
}

export interface FittedCurve {
  readonly kind: MicrobenchKind;
  readonly chip: string;
  /** By name, in the order of `CURVE_CONSTANTS`. */
  readonly constants: Readonly<Record<string, number>>;
  /** The chip whose other constants stand here, where this one has too few measurements for more than the share of the peak. */
  readonly borrowedFrom: string | null;
}

/** Copies first: products need to know how fast copies stream. */
const KINDS: readonly MicrobenchKind[] = ['copy', 'product', 'collective'];

export function seriesOf(records: readonly MicrobenchRecord[], chips: Readonly<Record<string, Chip>>): CurveSeries[] {
  const series = new Map<string, { kind: MicrobenchKind; chip: string; rows: CurveSeries['rows'][number][] }>();
  for (const kind of KINDS) {
    for (const record of records.filter((one) => one.kind === kind)) {
      const key = `${kind} ${record.chip}`;
      const into = series.get(key) ?? { kind, chip: record.chip, rows: [] };
      series.set(key, into);
      into.rows.push(...samplesOf(record, chips[record.chip]).map((sample) => ({ record, sample })));
    }
  }
  return [...series.values()];
}

/**
 * The curve of every series: all constants where there are more points than constants, else the rest is borrowed and the largest size says what
 * the share of the peak is.
 */
export function fitCurves(series: readonly CurveSeries[]): FittedCurve[] {
  const fitted: FittedCurve[] = [];
  for (const one of series) {
    const own = isWhole(one);
    const donor = donorOf(series, one.kind);
    const start = own ? startOf(one.kind) : fitWhole(donor, streamShareOf(fitted, donor.chip));
    const law = curveLaw(one.kind, streamShareOf(fitted, one.chip));
    const samples = own ? one.rows.map(({ sample }) => sample) : [largest(one)];
    const values = fitRelative(law, samples, start, own ? undefined : [SHARE_ROW]);
    fitted.push({ kind: one.kind, chip: one.chip, constants: namedConstants(one.kind, values), borrowedFrom: own ? null : donor.chip });
  }
  return fitted;
}

/** What row `left` of a series would be if it had not been measured: from the rest of the series, or from the curve of another chip. */
export function predictWithout(
  series: readonly CurveSeries[],
  one: CurveSeries,
  left: number,
): { readonly seconds: number; readonly from: string } {
  const rest = { ...one, rows: one.rows.filter((_, row) => row !== left) };
  const donor = isWhole(rest) ? rest : donorOf(series, one.kind);
  const copies = series.filter(({ kind }) => kind === 'copy');
  const others = fitCurves(copies);
  const constants = fitWhole(donor, streamShareOf(others, donor.chip));
  const law = curveLaw(one.kind, streamShareOf(others, one.chip));
  return { seconds: law(constants, one.rows[left].sample), from: donor.chip };
}

/** One more point than constants: a fit through as many points as constants would meet each of them. */
function isWhole({ kind, rows }: CurveSeries): boolean {
  return rows.length > startOf(kind).length;
}

function largest({ rows }: CurveSeries): CurveSample {
  return rows.map(({ sample }) => sample).reduce((most, sample) => (sample.peakSeconds > most.peakSeconds ? sample : most));
}

/** The series with the most points. */
function donorOf(series: readonly CurveSeries[], kind: MicrobenchKind): CurveSeries {
  const known = series.filter((one) => one.kind === kind && isWhole(one)).toSorted((a, b) => b.rows.length - a.rows.length);
  assert(known.length > 0, `no chip has enough measurements of ${kind} for a curve`);
  return known[0];
}

function fitWhole({ kind, rows }: CurveSeries, streamShare: number): number[] {
  return fitRelative(
    curveLaw(kind, streamShare),
    rows.map(({ sample }) => sample),
    startOf(kind),
  );
}

/** Share of the HBM bandwidth that copies reach on this chip, or where it has none on the chip that has most. */
function streamShareOf(fitted: readonly FittedCurve[], chip: string): number {
  const copies = fitted.filter(({ kind }) => kind === 'copy');
  const curve = copies.find((one) => one.chip === chip) ?? copies.find(({ borrowedFrom }) => borrowedFrom === null);
  return curve?.constants.peakShare ?? CURVE_CONSTANTS.copy.peakShare;
}

function startOf(kind: MicrobenchKind): number[] {
  return Object.values(CURVE_CONSTANTS[kind]);
}

function namedConstants(kind: MicrobenchKind, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(Object.keys(CURVE_CONSTANTS[kind]).map((name, row) => [name, values[row]]));
}
