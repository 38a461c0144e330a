import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync('ARCHITECTURE.md', 'utf8');
const named = [...new Set([...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path]) => path))];

describe('the invariants of ARCHITECTURE.md', () => {
  it('name tests', () => {
    expect(named.length).toBeGreaterThan(80);
  });

  it('name tests that exist', () => {
    expect(named.filter((path) => !existsSync(`test/${path}`))).toEqual([]);
  });
});
