import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { loadTexts, shippedTexts } from '../../src/intake/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-texts-'));

function fileOf(bytes: Uint8Array | string): string {
  const file = join(folder, `${createHash('sha256').update(bytes).digest('hex')}.txt`);
  writeFileSync(file, bytes);
  return file;
}

/** Why those texts are refused: code, place and rule of each. */
function refused(names: readonly string[], least = 1): string[] {
  try {
    loadTexts(names, least);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.issues.map(({ code, path, rule }) => `${code} ${path} ${rule}`);
  }
}

describe('texts that are shipped', () => {
  it.each(Object.entries(shippedTexts()))(
    '%s is the file of its SHA-256, in plain ASCII, with its source and licence',
    (name, { file, ...facts }) => {
      const bytes = readFileSync(join('texts', file));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(facts.sha256);
      expect(bytes.every((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f))).toBe(true);
      const [text] = loadTexts([name], 1);
      expect(text).toMatchObject({ name, licence: facts.licence, source: `${facts.title}; ${facts.source}, ${facts.asOf}` });
      expect(Buffer.from(text.bytes).equals(bytes)).toBe(true);
      expect(facts.licence).toMatch(/^public domain/);
    },
  );

  it('are between a half and one megabyte together', () => {
    const bytes = loadTexts(Object.keys(shippedTexts()), 1).reduce((sum, text) => sum + text.bytes.length, 0);
    expect(bytes).toBeGreaterThan(0.5e6);
    expect(bytes).toBeLessThan(1e6);
  });
});

describe("a user's text", () => {
  it('is bytes, with the name of its file and without source and licence', () => {
    const [text] = loadTexts([fileOf('naïve\tüber\f alles\n')], 1);
    expect(Buffer.from(text.bytes).toString('utf8')).toBe('naïve\tüber\f alles\n');
    expect([text.source, text.licence]).toEqual([null, null]);
  });

  it('has another fingerprint where one byte is another', () => {
    const [one, other] = loadTexts([fileOf('abcd'), fileOf('abce')], 1);
    expect(one.fingerprint).not.toBe(other.fingerprint);
  });

  it.each([
    ['nothing', '', 'must not be empty'],
    ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0]), 'is a gzip file'],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d]), 'is a PNG picture'],
    ['a byte 0', 'ab\0c', 'byte 2 is 0'],
    ['Latin 1', new Uint8Array([0x61, 0xe4, 0x62]), 'text in UTF-8'],
    ['control characters', '\x01\x02\x03abc', '3 of its 6 bytes are control characters'],
  ])('of %s is refused', (_, bytes, rule) => {
    const [issue, ...more] = refused([fileOf(bytes)]);
    expect(issue).toContain('E_TEXT learning.texts[0]');
    expect(issue).toContain(rule);
    expect(more).toEqual([]);
  });

  it('with a colour here and there is none of those', () => {
    expect(refused([fileOf(`${'a word and another\n'.repeat(3)}\x1b[1mbold\x1b[0m\n`)])).toEqual([]);
  });

  it('must be long enough for both of its parts', () => {
    expect(refused([fileOf('a short one')], 100)[0]).toContain('must have at least 100 bytes, and has 11');
  });

  it('is refused with all others that are wrong', () => {
    const issues = refused([fileOf(''), 'kjv', 'nowhere.txt']);
    expect(issues.map((issue) => issue.slice(0, issue.indexOf(']') + 1))).toEqual(['E_TEXT learning.texts[0]', 'E_FILE learning.texts[2]']);
  });
});
