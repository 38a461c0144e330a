import { describe, expect, it } from 'vitest';
import { ISSUE_CODES } from '../../src/scenario/index.ts';

describe('the registry of codes', () => {
  it.each(Object.entries(ISSUE_CODES))('has words for everything about %s', (code, { title, rule, example, remedy }) => {
    expect(code).toMatch(/^[EW]_[A-Z_]+$/);
    for (const text of [title, rule, example, remedy]) expect(text.length).toBeGreaterThan(5);
    expect(title.at(-1)).not.toBe('.');
  });

  it('has no two codes of one title', () => {
    const titles = Object.values(ISSUE_CODES).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
