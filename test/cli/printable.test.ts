import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { issueLines, warningLines } from '../../src/cli/print-issues.ts';
import { printable } from '../../src/cli/printable.ts';
import { variantName } from '../../src/cli/variant-words.ts';
import { listen } from './listen.ts';

const HOSTILE = 'a\u001b]0;title\u0007\u009b31m\u202eb\u2066\nc\u007f';
/** First and last of each range of code points that a terminal obeys, line feeds aside. */
const OBEYED = [
  [0x00, 0x09],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const;

function obeyed(text: string): string[] {
  return [...text].filter((letter) =>
    OBEYED.some(([first, last]) => letter >= String.fromCodePoint(first) && letter <= String.fromCodePoint(last)),
  );
}

async function say(...args: string[]) {
  const listener = listen();
  const exitCode = await main(['node', 'switchyard', ...args], listener.io);
  return { exitCode, out: listener.out(), err: listener.err() };
}

describe('text for a terminal', () => {
  it('keeps what can be shown, and nothing that a terminal obeys', () => {
    expect(printable(HOSTILE)).toBe('a]0;title31mb c');
    expect(printable('naïve 東京 – µs')).toBe('naïve 東京 – µs');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => obeyed(printable(text)).length === 0 && !printable(text).includes('\n')),
    );
  });

  it('is what issues, warnings and names of variants are made of', () => {
    const issue = {
      code: 'E_FILE',
      path: HOSTILE,
      value: HOSTILE,
      rule: HOSTILE,
      remedy: HOSTILE,
      place: { file: HOSTILE, line: 1, column: 1 },
    };
    const plain = (_: string, text: string) => text;
    for (const text of [
      issueLines([issue], plain),
      warningLines([{ code: 'W_UNUSED', message: HOSTILE }], plain),
      variantName({ a: HOSTILE }),
    ]) {
      expect(text).toContain('a]0;title31mb c');
      expect(obeyed(text)).toEqual([]);
    }
  });

  it('stays so on the way from a scenario and its name, in plan, in --print-scenario and in refusals', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'switchyard-printable-')), 'odd\u001b[31m\u202e.yaml');
    const text = `name: odd\nquestion: ${JSON.stringify(HOSTILE)}\ntopology: tpu-v3:4x4\nmodel: {preset: switch-base, name: ${JSON.stringify(HOSTILE)}}\n`;
    writeFileSync(file, text);
    const answers = [
      await say('run', file, '--print-scenario'),
      await say('plan', file),
      await say('compare', file),
      await say('run', `${file}\u009b`),
    ];
    expect(answers.map(({ exitCode }) => exitCode)).toEqual([0, 0, 2, 2]);
    for (const { out, err } of answers) {
      expect(out + err).not.toBe('');
      expect(obeyed(out + err)).toEqual([]);
    }
    expect(JSON.parse((await say('run', file, '--print-scenario', '--json')).out).question).toBe(HOSTILE);
  });
});
