import { InputError, type Issue } from './errors.ts';
import { nearest } from './suggest.ts';

/** A registry maps a key (the entry's file name) to the entry. A test holds keys and files equal. */
export type Registry<Entry> = Readonly<Record<string, Entry>>;

/** The issue for a key that a registry does not know, with the nearest known one. */
export function unknownKey(code: string, path: string, key: string, known: readonly string[]): Issue {
  const near = nearest(key, known);
  return {
    code,
    path,
    value: JSON.stringify(key),
    rule: `must be one of ${known.join(', ')}`,
    remedy: near === undefined ? 'choose one of them' : `did you mean ${near}?`,
  };
}

/** Looks `key` up, or throws an InputError that names the nearest known key. */
export function lookUp<Entry>(registry: Registry<Entry>, key: string, code: string, path: string): Entry {
  if (!Object.hasOwn(registry, key)) throw new InputError([unknownKey(code, path, key, Object.keys(registry))]);
  return registry[key];
}
