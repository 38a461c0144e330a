import { sampleStandardDeviation as deviationOf, mean as meanOf } from 'simple-statistics';
import { assert } from '../base/index.ts';

/** A mean with its 95 % interval over `count` independent values. */
export interface MeanInterval {
  readonly mean: number;
  readonly interval: readonly [number, number];
  readonly count: number;
}

export function mean(values: ArrayLike<number>): number {
  return meanOf(Array.from(values));
}

/** Standard deviation with n - 1 in the denominator; 0 for a single value. */
export function sampleStandardDeviation(values: ArrayLike<number>): number {
  return values.length < 2 ? 0 : deviationOf(Array.from(values));
}

/**
 * Standard error of the mean of a sample drawn without replacement from `population` values;
 * the factor sqrt(1 - n / N) makes it 0 when everything was drawn (Cochran, Sampling Techniques, 1977, section 2.6).
 */
export function standardErrorOfMean(values: ArrayLike<number>, population = Number.POSITIVE_INFINITY): number {
  const count = values.length;
  if (count === 0) return 0;
  return sampleStandardDeviation(values) * Math.sqrt(Math.max(0, 1 - count / population) / count);
}

/** Mean and Student's 95 % interval; needs at least two values, because one says nothing about its own spread. */
export function meanInterval95(values: ArrayLike<number>): MeanInterval {
  const count = values.length;
  assert(count >= 2, `an interval needs at least 2 values, got ${count}`);
  const middle = mean(values);
  const half = studentQuantile975(count - 1) * standardErrorOfMean(values);
  return { mean: middle, interval: [middle - half, middle + half], count };
}

/** Interval of the mean of `values[i] - baseline[i]`: what both share (the draw of seed i) cancels. */
export function pairedDifference95(values: ArrayLike<number>, baseline: ArrayLike<number>): MeanInterval {
  assert(values.length === baseline.length, `pairs need equal lengths, got ${values.length} and ${baseline.length}`);
  return meanInterval95(Array.from(values, (value, i) => value - baseline[i]));
}

/** 95 % interval of a share that was sampled with a known standard error; a share lies between 0 and 1. */
export function shareInterval95(share: number, standardError: number): readonly [number, number] {
  const half = NORMAL_975 * standardError;
  return [Math.max(0, share - half), Math.min(1, share + half)];
}

/** Student's t, 97.5 %, for 1 to 10 degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2). */
const STUDENT_975 = [12.7062047, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041, 2.2621572, 2.2281389];
const NORMAL_975 = 1.959963984540054;

/** Beyond the table: expansion around the normal quantile in 1 / degrees (Abramowitz and Stegun 26.7.5), good to 1e-4 there. */
function studentQuantile975(degrees: number): number {
  assert(Number.isInteger(degrees) && degrees >= 1, `degrees of freedom must be a positive whole number, got ${degrees}`);
  if (degrees <= STUDENT_975.length) return STUDENT_975[degrees - 1];
  const z = NORMAL_975;
  const z2 = z * z;
  const first = (z * (z2 + 1)) / 4;
  const second = (z * ((5 * z2 + 16) * z2 + 3)) / 96;
  const third = (z * (((3 * z2 + 19) * z2 + 17) * z2 - 15)) / 384;
  return z + first / degrees + second / (degrees * degrees) + third / (degrees * degrees * degrees);
}
