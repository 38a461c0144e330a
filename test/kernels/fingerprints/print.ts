import { addNumber, addText, emptyFingerprint, fingerprintText } from '../../../src/base/index.ts';
import { BF16, F32, F64, type Numerics, type Reals } from '../../../src/kernels/index.ts';
import { draws } from '../products.ts';

/** Fingerprint by name. */
export type Prints = Readonly<Record<string, string>>;

/** One fingerprint of some tensors: of every bit, so that 0 and -0 differ; all NaN count as one, because the language leaves their payload open. */
export function printOf(...tensors: readonly ArrayLike<number>[]): string {
  const print = emptyFingerprint();
  for (const values of tensors) {
    addNumber(print, values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isNaN(value)) addText(print, 'NaN');
      else if (Object.is(value, -0)) addText(print, '-0');
      else addNumber(print, value);
    }
  }
  return fingerprintText(print);
}

/** What functions gave, by the function's name. */
export type Outputs = Readonly<Record<string, readonly ArrayLike<number>[]>>;

/** The outputs of kernels in all three arithmetics, one fingerprint for each function; every tensor must hold numbers, not all of them zero. */
export function printsInEveryArithmetic(run: (numerics: Numerics) => Outputs): Prints {
  const all = [F64, F32, BF16].map(run);
  for (const [name, tensors] of all.flatMap((outputs) => Object.entries(outputs))) {
    const shows = tensors
      .map((tensor) => Array.from(tensor))
      .map((values) => values.some((value) => value !== 0) && values.every(Number.isFinite));
    if (shows.length === 0 || shows.includes(false)) throw new Error(`a fingerprint of ${name} would show nothing`);
  }
  return Object.fromEntries(Object.keys(all[0]).map((name) => [name, printOf(...all.flatMap((outputs) => outputs[name]))]));
}

/** Numbers in (-scale, scale) as this arithmetic stores them; the same for the same seed. */
export function reals(numerics: Numerics, seed: number, elements: number, scale = 1): Reals {
  const next = draws(seed * 7919);
  const tensor = numerics.zeros(elements);
  for (let i = 0; i < elements; i++) tensor[i] = numerics.store(next() * scale);
  return tensor;
}

/** Whole numbers from 0 to below - 1. */
export function wholes(seed: number, elements: number, below: number): Int32Array {
  const next = draws(seed * 7919);
  return Int32Array.from({ length: elements }, () => Math.floor((next() + 1) * 0.5 * below));
}
