import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HUGGING_FACE_FAMILIES } from '../../src/intake/importers/hugging-face/families/index.ts';
import { MODEL_PRESETS } from '../../src/model/index.ts';
import type { Validation } from '../../src/validation/index.ts';
import { ROOT, textOf } from './sources.ts';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(textOf('package.json'));

/** Documents whose commands must work. */
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'scenarios/models/README.md'].filter(
  (file) => file === 'README.md' || existsSync(join(ROOT, file)),
);

/** Verbs that answer at once and are run as they are written. */
const QUICK = ['list', 'explain', 'inspect', '--help', '--version'];

/** Command lines in fenced blocks and in inline code, without prompt, comment and what follows a `&&` or a pipe. */
function commandsOf(markdown: string): readonly string[] {
  const fenced = [...markdown.matchAll(/^```(?:sh|bash|console|shell|text)?\n([\s\S]*?)^```/gm)].flatMap((match) => match[1].split('\n'));
  const inline = [...markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]);
  return [...fenced, ...inline]
    .flatMap((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+#.*$/, '')
        .split(/&&|\|/),
    )
    .map((command) => command.trim())
    .filter((command) => /^(node bin\/switchyard\.js|npx switchyard|switchyard|npm) /.test(command));
}

const commands = [...new Set(DOCUMENTS.flatMap((file) => commandsOf(textOf(file))))];
const npmCommands = commands.filter((command) => command.startsWith('npm '));
const ownCommands = commands
  .filter((command) => !command.startsWith('npm '))
  .map((command) => command.replace(/^(node bin\/switchyard\.js|npx switchyard|switchyard) +/, ''))
  // `switchyard <command>` speaks of commands in general.
  .filter((rest) => !rest.startsWith('<'));

const switchyard = (...words: readonly string[]) =>
  spawnSync(process.execPath, ['bin/switchyard.js', ...words], { cwd: ROOT, encoding: 'utf8', timeout: 30_000 });

const helpOf = new Map<string, string>();
function help(verb: string): string {
  const known = helpOf.get(verb);
  if (known !== undefined) return known;
  const { status, stdout, stderr } = switchyard(verb, '--help');
  expect(status, `switchyard ${verb} --help: ${stderr}`).toBe(0);
  expect(stdout).toContain(verb);
  helpOf.set(verb, stdout);
  return stdout;
}

describe('commands in the documents', () => {
  it('are there to be looked at', () => {
    expect(npmCommands.length).toBeGreaterThanOrEqual(2);
    expect(ownCommands.length).toBeGreaterThanOrEqual(3);
  });

  it.each(npmCommands)('%s', (command) => {
    const [, verb, script] = command.split(/\s+/);
    if (verb === 'run') expect(Object.keys(scripts)).toContain(script);
    else expect(['ci', 'test', 'install']).toContain(verb);
  });

  it.each(ownCommands)('switchyard %s', (rest) => {
    const [verb, ...words] = rest.split(/\s+/);
    if (QUICK.includes(verb)) {
      const { status, stderr } = switchyard(verb, ...words.filter((word) => !word.startsWith('<') && !word.startsWith('[')));
      expect(status, stderr).toBe(0);
      return;
    }
    const text = help(verb);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(text).toContain(option.split('=')[0]);
    for (const file of words.filter((word) => /^[\w./-]+\.(ya?ml|csv)$/.test(word) && word.includes('/'))) {
      expect(existsSync(join(ROOT, file)), `${file} does not exist`).toBe(true);
    }
  });
});

describe('errors of published steps in the README', () => {
  const readme = textOf('README.md');
  const { summary } = JSON.parse(switchyard('validate', '--json', '--quiet').stdout) as Pick<Validation, 'summary'>;
  const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(share < 1 ? 1 : 0)} %`);
  const row = (
    name: string,
    count: number,
    { median, mean, worst }: Readonly<Record<'median' | 'mean' | 'worst', number | null>>,
    outside: number,
  ) => `| ${[name, count, percent(median), percent(mean), percent(worst), outside].join(' | ')} |`;

  it.each(summary.groups.map((group) => [group.chip, group.kind, group] as const))('%s %s', (chip, kind, group) => {
    const name = `${chip.replace('tpu-', '')} | ${kind === 'dense' ? 'dense' : 'with experts'}`;
    expect(readme).toContain(row(name, group.count, group, group.outside));
  });

  it('of all that count, and how many there are', () => {
    expect(readme).toContain(row('all that count |', summary.levels.count, summary.levels, summary.levelsOutside));
    const { records, replayed, predicted } = summary.coverage;
    expect(readme).toContain(`turns ${records} published records`);
    expect(readme).toContain(`replays the ${replayed} that say enough`);
    expect(predicted - summary.levels.count, 'doubtful').toBe(3);
  });
});

describe('counts in the README', () => {
  const readme = textOf('README.md').replaceAll(/\s+/g, ' ');

  it.each([
    ['models', Object.keys(MODEL_PRESETS).length, (count: number) => `${count} models are known by name`],
    ['families', Object.keys(HUGGING_FACE_FAMILIES).length, (count: number) => `(${count} families)`],
    [
      'slices',
      readdirSync(join(ROOT, 'topologies')).filter((file) => file.endsWith('.yaml')).length,
      (count: number) => `knows ${count} slices`,
    ],
  ] as const)('of %s is %i', (_, count, words) => expect(readme).toContain(words(count)));
});
