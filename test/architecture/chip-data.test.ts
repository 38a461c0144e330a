import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesUnder, textOf } from './sources.ts';

const DATE = /^\d{4}(-\d{2}(-\d{2})?)?$/;
/** Keys of a cited value; `note` and `disagreements` (other sources that say otherwise) may be left out. */
const CITED = ['value', 'source', 'asOf', 'note', 'disagreements'];

interface Finding {
  readonly path: string;
  readonly fault?: string;
}

/** One finding per number (or list of numbers) of a chip file, with what is wrong with it. */
function findings(value: unknown, path: string): readonly Finding[] {
  if (typeof value === 'number' || (Array.isArray(value) && value.some((item) => typeof item === 'number'))) {
    return [{ path, fault: 'a bare number: write {value, source, asOf}' }];
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => findings(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return [];
  if (!('value' in value)) return Object.entries(value).flatMap(([key, inner]) => findings(inner, `${path}.${key}`));
  const { source, asOf } = value as { source?: unknown; asOf?: unknown };
  if (typeof source !== 'string' || source.length < 8) return [{ path, fault: 'no source' }];
  if (!DATE.test(String(asOf))) return [{ path, fault: `asOf is no date: ${String(asOf)}` }];
  const strange = Object.keys(value).filter((key) => !CITED.includes(key));
  return [strange.length === 0 ? { path } : { path, fault: `strange keys: ${strange.join(', ')}` }];
}

describe('every number of a chip file says where it comes from, and when', () => {
  const files = filesUnder('topologies/chips', '.yaml');

  it('looks at chips', () => expect(files.length).toBeGreaterThan(0));

  it.each(files)('%s', (file) => {
    const found = findings(parse(textOf(file)), '');
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((one) => one.fault !== undefined)).toEqual([]);
  });

  it('would notice a number that does not', () => {
    const faults = findings(
      { a: 3, b: { value: 1, source: 'a long source', asOf: 'today' }, c: { value: 1, asOf: '2024' }, d: [4, 4] },
      '',
    );
    expect(faults.filter((one) => one.fault !== undefined).map((one) => one.path)).toEqual(['.a', '.b', '.c', '.d']);
  });
});
