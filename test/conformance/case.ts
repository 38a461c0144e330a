import { expect } from 'vitest';

/** One case of a vector file. */
export interface Case {
  readonly name: string;
  readonly run: () => void;
}

/** What a vector file asks for, and what of it nothing in the project can answer yet. */
export interface VectorFile {
  readonly cases: readonly Case[];
  /** Names of cases that wait for a room, and which. */
  readonly waiting?: readonly string[];
}

/** Turns the contents of a vector file into cases. */
export type ReadVectors = (vectors: never) => VectorFile;

/** |actual - wanted| <= tolerance x max(1, |wanted|), for all entries; `what` names them in a failure. */
export function expectNear(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, `${what}: entries`).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const allowed = tolerance * Math.max(1, Math.abs(wanted[i]));
    expect(Math.abs(actual[i] - wanted[i]), `${what} ${i}: ${actual[i]} for ${wanted[i]}`).toBeLessThanOrEqual(allowed);
  }
}

export function expectEqual(actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  expect(Array.from(actual), what).toEqual(Array.from(wanted));
}
