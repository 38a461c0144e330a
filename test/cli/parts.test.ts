import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { missedAssertions } from '../../src/cli/assertions.ts';
import { comparisonText } from '../../src/cli/comparison-text.ts';
import { hopNote } from '../../src/cli/hop-note.ts';
import { painter, wantsColour } from '../../src/cli/io.ts';
import { pageWarnings } from '../../src/cli/print-issues.ts';
import { createProgress } from '../../src/cli/progress.ts';
import { alignedTable, cut, wrapText } from '../../src/cli/table.ts';
import { shortNames } from '../../src/cli/variant-words.ts';
import { withOutputFolder, writeAtomic } from '../../src/cli/write-atomic.ts';
import { ISSUE_CODES } from '../../src/scenario/index.ts';
import { sampleComparison } from '../report/sample-result.ts';
import { listen } from './listen.ts';

describe('colours', () => {
  it('follow NO_COLOR, then FORCE_COLOR, then the terminal', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  });

  it('are escapes around the text, or the text alone', () => {
    expect(painter(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(painter(false)('red', 'x')).toBe('x');
  });
});

describe('progress', () => {
  /** Updates every 50 ms of a made-up clock. */
  function drive(options: { terminal: boolean; quiet?: boolean }, milliseconds: number): string {
    const listener = listen(options);
    let now = 0;
    const progress = createProgress(listener.io, options.quiet ?? false, () => now);
    for (; now <= milliseconds; now += 50) progress.update('routing tokens', now, milliseconds);
    progress.end();
    return listener.err();
  }

  it('rewrites one line on a terminal, ten times a second, and clears it', () => {
    const text = drive({ terminal: true }, 1000);
    expect(text).not.toContain('\n');
    expect(text.split('\r').length - 1).toBe(12);
    expect(text).toContain('50 %  routing tokens');
    expect(text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is a line every ten seconds elsewhere', () => {
    expect(drive({ terminal: false }, 40_000)).toBe([25, 50, 75, 100].map((percent) => `routing tokens: ${percent} %\n`).join(''));
    expect(drive({ terminal: false }, 5000)).toBe('');
  });

  it('is silent when told so', () => {
    expect(drive({ terminal: true, quiet: true }, 1000)).toBe('');
  });
});

describe('short names of variants', () => {
  const router = (options: Record<string, unknown>) => ({ 'routing.router': { name: 'topk', topK: 4, ...options } });

  it('leave out what all have in common, where that makes them fit', () => {
    const long = { normalise: 'after-drop', priority: 'token-major' };
    expect(shortNames([router({ ...long, secondChoice: 'gumbel' }), router({ ...long, secondChoice: 'next' })], 24)).toEqual([
      'topk secondChoice=gumbel',
      'topk secondChoice=next',
    ]);
    expect(shortNames([router({}), { 'routing.router': 'hash' }], 24)).toEqual(['topk topK=4', 'hash']);
  });

  it('are never longer than they may be, and never alike', () => {
    const word = 'w'.repeat(30);
    const names = shortNames([{ n: `${word}1` }, { n: `${word}2` }, { n: 'c' }], 12);
    expect(names).toEqual(['1 www…wwwww1', '2 www…wwwww2', 'c']);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(12);
  });
});

describe('the table of a comparison', () => {
  const lineOf = (text: string, name: string, nth = 0) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `))
      [nth].split(/ {2,}/);

  it('says that there are no slots, shows the waiting, and no factor that does nothing', () => {
    const comparison = sampleComparison();
    const routings = [{}, { dispatch: 'dropless' }, { router: 'base' }, { router: 'expert-choice' }] as const;
    const variants = routings.map((routing, i) => {
      const { scenario, ...variant } = comparison.variants[i];
      return { ...variant, vary: { v: `v${i}` }, scenario: { ...scenario, routing: { ...scenario.routing, ...routing } } };
    });
    const text = comparisonText({ ...comparison, variants, ratios: [], paired: [] }, 'folder');
    expect(text).toMatch(/^ +step +waiting +all-to-all/m);
    const rows = [0, 1, 2, 3].map((i) => lineOf(text, `v${i}`, 1));
    expect(rows.map(([, factor]) => factor)).toEqual(['1', '-', '-', '1']);
    expect(rows[1][2]).toBe('unbounded');
    expect(rows[2][2]).toMatch(/^\d+$/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('warnings of variants', () => {
  const [wrap, drops] = ['W_WRAP_ASSUMED', 'W_DROP_RATE'].map((code) => ({ code, message: `about ${code}` }));

  it('are codes in a line, the weightiest first, or none', () => {
    expect(pageWarnings([drops, wrap, drops])).toEqual(['warnings on the page: W_DROP_RATE, W_WRAP_ASSUMED']);
    expect(pageWarnings([])).toEqual([]);
    const codes = ['W_WRAP_ASSUMED', 'W_DROP_RATE', 'W_BATCH_SMALL', 'W_KERNELS_DIFFER', 'W_DOES_NOT_FIT'].map((code) => ({ code }));
    expect(pageWarnings(codes)).toEqual([
      'warnings on the page: W_DOES_NOT_FIT, W_KERNELS_DIFFER, W_DROP_RATE,',
      'W_WRAP_ASSUMED, W_BATCH_SMALL',
    ]);
  });

  it('are never more than two lines of 80, and say when some are missing', () => {
    const lines = pageWarnings(
      Object.keys(ISSUE_CODES)
        .filter((code) => code.startsWith('W_'))
        .map((code) => ({ code })),
    );
    expect(lines).toHaveLength(2);
    expect(lines[1].endsWith('…')).toBe(true);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('assertions', () => {
  const metrics = [
    { name: 'mfu', value: 0.5, unit: 'fraction', from: 'engine' },
    { name: 'stepSeconds', value: Number.NaN, unit: 's', from: 'engine' },
  ] as const;

  it('name the metrics that miss, on either side', () => {
    expect(missedAssertions({ mfu: { min: 0.4, max: 0.6 } }, metrics)).toEqual([]);
    expect(missedAssertions({ mfu: { min: 0.6 } }, metrics)[0].rule).toBe('must be at least 0.6');
    expect(missedAssertions({ mfu: { min: 0.1, max: 0.4 } }, metrics)[0]).toMatchObject({ code: 'E_ASSERT', rule: 'must be at most 0.4' });
  });

  it('are missed by what is not a number', () => {
    expect(missedAssertions({ stepSeconds: { max: 1 } }, metrics)).toHaveLength(1);
  });
});

describe('writing files', () => {
  it('leaves the whole file and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-write-'));
    writeAtomic(join(folder, 'a/b/c.txt'), 'one');
    writeAtomic(join(folder, 'a/b/c.txt'), new Uint8Array([116, 119, 111]));
    expect(readFileSync(join(folder, 'a/b/c.txt'), 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.txt']);
    expect(() => writeAtomic(join(folder, 'a/b/c.txt/d.txt'), 'three')).toThrow(InputError);
  });

  it('is tried before the work: a file for a folder, a folder for a file, and what cannot be made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-write-'));
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'taken/result.json'), { recursive: true });
    let worked = 0;
    const tried = (name: string) => withOutputFolder(join(folder, name), ['result.json'], async () => ++worked);
    await expect(tried('file')).rejects.toThrow(/^E_OUTPUT .*file; cannot be written \(it is not a folder\)/);
    await expect(tried('file/below')).rejects.toThrow(/^E_OUTPUT .* cannot be written \(ENOTDIR\)/);
    await expect(tried('taken')).rejects.toThrow(/^E_OUTPUT .*result\.json; cannot be written \(it is a folder\)/);
    expect(worked).toBe(0);
    expect(await tried('x/y')).toBe(1);
    expect(readdirSync(join(folder, 'x'))).toEqual(['y']);
  });

  it('leaves no empty folder behind when the work fails, and nothing else is touched', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-write-'));
    const failing = (name: string, written?: string) =>
      withOutputFolder(join(folder, name), [], async () => {
        if (written !== undefined) writeAtomic(join(folder, name, written), '');
        throw new Error('interrupted');
      });
    await expect(failing('a/b')).rejects.toThrow('interrupted');
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'mine'));
    await expect(failing('mine')).rejects.toThrow('interrupted');
    await expect(failing('c/d', 'kept')).rejects.toThrow('interrupted');
    expect(readdirSync(folder).sort()).toEqual(['c', 'mine']);
    expect(readdirSync(join(folder, 'c/d'))).toEqual(['kept']);
  });
});

describe('tables', () => {
  it('align columns and never exceed a width when cut', () => {
    expect(
      alignedTable(
        [
          ['a', '1'],
          ['bcd', '100'],
        ],
        [1],
      ),
    ).toEqual(['a      1', 'bcd  100']);
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 90 }), (text, width) => {
        expect(cut(text, width).length).toBeLessThanOrEqual(Math.max(width, 0));
      }),
    );
  });

  it('wrap at spaces and lose no word', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (words) => {
        const lines = wrapText(words.join(' '), 20);
        expect(lines.join(' ')).toBe(words.join(' '));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe('the note before hop by hop', () => {
  it('is said from more than five seconds on', () => {
    expect(hopNote(25e6)).toBe('');
    expect(hopNote(100e6)).toContain('hop: up to 100 million events, about 20 s');
  });
});
