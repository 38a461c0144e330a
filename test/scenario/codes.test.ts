import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ISSUE_CODES } from '../../src/scenario/index.ts';

const REGISTRIES = ['error-codes.ts', 'warning-codes.ts'];

/** Every code that stands as a literal in the source, outside the registry itself. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || REGISTRIES.some((registry) => file.endsWith(registry))) continue;
    for (const [, code] of readFileSync(join('src', file), 'utf8').matchAll(/'([EW]_[A-Z0-9_]+)'/g)) codes.add(code);
  }
  return codes;
}

describe('the registry of codes', () => {
  const used = codesInSource();

  it('looked at the source', () => {
    expect(used.size).toBeGreaterThan(30);
  });

  it('explains every code that is raised', () => {
    expect([...used].filter((code) => !Object.hasOwn(ISSUE_CODES, code)).sort()).toEqual([]);
  });

  it('holds no code that nothing raises', () => {
    expect(Object.keys(ISSUE_CODES).filter((code) => !used.has(code))).toEqual([]);
  });

  it.each(Object.entries(ISSUE_CODES))('%s has words for everything', (code, { title, rule, example, remedy }) => {
    expect(code).toMatch(/^[EW]_[A-Z_]+$/);
    for (const text of [title, rule, example, remedy]) expect(text.length).toBeGreaterThan(5);
  });
});
