import { expect } from 'vitest';
import { bf16Bits, bf16Value, type Numerics, type Reals } from '../../../src/kernels/index.ts';
import { draws } from '../support.ts';

/** Numbers in (-scale, scale), the same for the same seed. */
export function randomReals(seed: number, elements: number, scale = 1): Float64Array {
  const next = draws(seed);
  // The first draws of neighbouring seeds are alike.
  for (let i = 0; i < 4; i++) next();
  return Float64Array.from({ length: elements }, () => next() * scale);
}

/** The values as a tensor of this arithmetic, rounded as it stores them. */
export function stored(numerics: Numerics, values: ArrayLike<number>): Reals {
  const tensor = numerics.zeros(values.length);
  for (let i = 0; i < values.length; i++) tensor[i] = numerics.store(values[i]);
  return tensor;
}

/** Largest difference, as a share of the largest magnitude of the reference. */
export function relativeDifference(own: ArrayLike<number>, reference: ArrayLike<number>): number {
  expect(own.length).toBe(reference.length);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < reference.length; i++) {
    largest = Math.max(largest, Math.abs(reference[i]));
    difference = Math.max(difference, Math.abs(own[i] - reference[i]));
  }
  return difference === 0 ? 0 : difference / largest;
}

/** All values are bf16 numbers, and some are not zero. */
export function expectBf16(values: ArrayLike<number>): void {
  const all = Array.from(values);
  expect(all.some((value) => value !== 0)).toBe(true);
  expect(all.filter((value) => !Object.is(bf16Value(bf16Bits(value)), value))).toEqual([]);
}
