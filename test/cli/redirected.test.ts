import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const command = (args: readonly string[]): string =>
  [process.execPath, resolve('bin/switchyard.js'), ...args].map((word) => `'${word}'`).join(' ');

/** Runs a line of shell, for what only a shell can redirect. */
function inShell(line: string, cwd: string = temporary()) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { cwd, encoding: 'utf8' });
  return { exitCode: status, out: stdout, err: stderr };
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'switchyard-redirected-'));
}

describe('the built command line, redirected', () => {
  it.skipIf(!existsSync('/dev/full'))('says in one line that stdout is full, and ends with 2', () => {
    for (const args of [['schema'], ['list', 'codes', '--json'], ['--help']]) {
      const { exitCode, err } = inShell(`${command(args)} > /dev/full`);
      expect(exitCode).toBe(2);
      expect(err).toMatch(/^E_OUTPUT stdout; must take the whole answer \(ENOSPC\); .*\n1 error; .*\n$/);
    }
  });

  it.skipIf(!existsSync('/dev/full'))('keeps its exit code and its answer when stderr is full or closed', () => {
    const refused = command(['run', 'nope.yaml', '--json']);
    for (const redirection of ['2> /dev/full', '2>&-']) {
      const { exitCode, out } = inShell(`${refused} ${redirection}`);
      expect([exitCode, JSON.parse(out).issues[0].code]).toEqual([2, 'E_FILE']);
    }
    const cwd = temporary();
    inShell(`{ ${refused} 2>&1 > answer; echo $? > code; } | true`, cwd);
    expect(readFileSync(join(cwd, 'code'), 'utf8')).toBe('2\n');
    expect(JSON.parse(readFileSync(join(cwd, 'answer'), 'utf8')).exitCode).toBe(2);
  });

  it('ends quietly, with its files written, when nobody reads stdout', () => {
    const cwd = temporary();
    const run = command(['run', resolve('scenarios/tiny.yaml'), '--json']);
    const { out, err } = inShell(`{ ${run}; echo $? > code; } | true`, cwd);
    expect([out, err]).toEqual(['', '']);
    expect(readFileSync(join(cwd, 'code'), 'utf8')).toBe('0\n');
    expect(readdirSync(join(cwd, 'reports/tiny'))).toHaveLength(3);
  });
});
