import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { InputError, type Issue } from '../base/index.ts';

/** More threads than this per core only wait for each other, and each holds an interpreter and its scratch memory. */
const THREADS_PER_CORE = 4;

/** Reads a whole number within bounds, for commander's options. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** Reads a whole number from 1 of one named option, or says what is wrong with it. */
export function sizeOption(path: string, max: number, text: string): { readonly value?: number; readonly issue?: Issue } {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return { value };
  const rule = `must be a whole number from 1 to ${max}`;
  return { issue: { code: 'E_RANGE', path, value: JSON.stringify(text), rule, remedy: `write digits only, e.g. ${path} 256` } };
}

/** Reads a number above 0, exponents allowed: `1e12`. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('must be a number above 0, e.g. 1e12.');
  return value;
}

/** Reads the number of threads that run kernels: at most a few for each core of this machine. */
export function threadCount(text: string): number {
  const cores = availableParallelism();
  const most = THREADS_PER_CORE * cores;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  const rule = `must be a whole number from 1 to ${most}, ${THREADS_PER_CORE} for each core that is available here`;
  const remedy = `leave --threads out to use one per core (${cores}); results do not depend on it`;
  throw new InputError([{ code: 'E_USAGE', path: '--threads', value: JSON.stringify(text), rule, remedy }]);
}
