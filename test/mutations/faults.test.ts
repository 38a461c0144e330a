import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULTS } from './faults/index.ts';

/** Cheap: that every fault can still be planted. That each is noticed is what `npm run mutations` finds out. */
it('there are faults, each under a name of its own', () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(FAULTS.map((fault) => fault.name)).size).toBe(FAULTS.length);
});

it.each(FAULTS)('$name can be planted: its text stands once in $file, and its test has a file', ({ file, from, to, caughtBy }) => {
  expect(readFileSync(file, 'utf8').split(from).length - 1).toBe(1);
  expect(to).not.toBe(from);
  expect(existsSync(caughtBy.file)).toBe(true);
});

it('all are in docs/mutations.md, with who notices', () => {
  const document = readFileSync('docs/mutations.md', 'utf8');
  for (const { name } of FAULTS) expect(document).toContain(`| ${name} |`);
  expect(document).not.toContain('**nobody**');
});
