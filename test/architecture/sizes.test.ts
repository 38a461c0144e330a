import { describe, expect, it } from 'vitest';
import { filesUnder, textOf } from './sources.ts';

const MOST_LINES = 400;

describe('a file is one idea', () => {
  const files = ['src', 'test', 'bench', 'bin'].flatMap((folder) => filesUnder(folder, '.ts', '.js'));
  const lengths = files.map((file) => ({ file, lines: textOf(file).trimEnd().split('\n').length }));

  it('looks at sources and tests', () => {
    for (const folder of ['src/', 'test/']) expect(files.filter((file) => file.startsWith(folder)).length).toBeGreaterThan(20);
  });

  it(`of at most ${MOST_LINES} lines`, () => {
    expect(lengths.filter(({ lines }) => lines > MOST_LINES)).toEqual([]);
  });

  it('with a name in kebab-case', () => {
    const odd = files.filter((file) => !/^[a-z0-9-]+(\.test|\.config)?\.(ts|js)$/.test(file.slice(file.lastIndexOf('/') + 1)));
    expect(odd).toEqual([]);
  });

  it('and half of them of at most 100 lines', () => {
    const sorted = lengths.filter(({ file }) => file.startsWith('src/')).map(({ lines }) => lines);
    sorted.sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(100);
  });
});
