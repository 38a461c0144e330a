import { describe, expect, it } from 'vitest';
import { ISSUE_CODES } from '../../src/scenario/index.ts';
import { filesUnder, nodesOf, treeOf } from './sources.ts';

const CODE = /^[EW]_[A-Z0-9_]+$/;

describe('codes of errors and warnings', () => {
  const raised = new Set(
    filesUnder('src', '.ts').flatMap((file) =>
      [...nodesOf(treeOf(file))].flatMap(({ type, value }) =>
        type === 'Literal' && typeof value === 'string' && CODE.test(value) ? [value] : [],
      ),
    ),
  );

  it('are looked for in all sources', () => expect(raised.size).toBeGreaterThan(20));

  it('can all be explained', () => {
    expect([...raised].filter((code) => !Object.hasOwn(ISSUE_CODES, code))).toEqual([]);
  });

  it('are all raised somewhere', () => {
    expect(Object.keys(ISSUE_CODES).filter((code) => !raised.has(code))).toEqual([]);
  });
});
