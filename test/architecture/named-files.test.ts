import { describe, expect, it } from 'vitest';
import { filesUnder, textOf } from './sources.ts';

/** Decisions are left out: they speak of what was there when they were made. */
const DOCUMENTS = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/model.md'];
const files = ['src', 'test', 'bench'].flatMap((folder) => filesUnder(folder, '.ts'));

/** Sources in inline code, by their whole path, the end of it, or their name alone. */
function sourcesNamedIn(document: string): readonly string[] {
  return [...new Set([...textOf(document).matchAll(/`([\w./-]+\.ts)`/g)].map(([, path]) => path))];
}

describe('sources that documents name', () => {
  it.each(DOCUMENTS)('%s names sources that exist', (document) => {
    const named = sourcesNamedIn(document);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !files.some((file) => file === path || file.endsWith(`/${path}`)))).toEqual([]);
  });
});
