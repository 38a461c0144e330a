import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Ended {
  readonly exitCode: number | null;
  readonly err: string;
  readonly seconds: number;
  /** From the signal to the end. */
  readonly secondsAfterSignal: number;
}

/** Runs the built command line on a tiny scenario, with one thread harmed as `sabotage` says; `signalAfterMs` sends a Ctrl-C. */
function run(cwd: string, sabotage: string, signalAfterMs?: number): Promise<Ended> {
  const options = ['--max-old-space-size=64', '--import', resolve('test/cluster/sabotage.mjs')];
  const args = [...options, resolve('bin/switchyard.js'), 'run', resolve('scenarios/tiny.yaml'), '--threads', '2', '--quiet'];
  const begun = performance.now();
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, SABOTAGE: sabotage } });
  let err = '';
  let signalled = 0;
  child.stderr.on('data', (data) => {
    err += data;
  });
  if (signalAfterMs !== undefined) {
    setTimeout(() => {
      signalled = performance.now();
      child.kill('SIGINT');
    }, signalAfterMs);
  }
  return new Promise((done) => {
    child.on('close', (exitCode) => {
      const now = performance.now();
      done({ exitCode, err, seconds: (now - begun) / 1000, secondsAfterSignal: (now - signalled) / 1000 });
    });
  });
}

const temporary = (): string => mkdtempSync(join(tmpdir(), 'switchyard-deaths-'));

const ITEM = String.raw`(router weights|packing of router weights|routing|verification) of [^\n]*\d+ x \d+[^\n]*`;

describe('the command line, when one of its threads', () => {
  it.each([
    ['is killed', 'exit:5', 70, `a thread ended while it ran ${ITEM} \\(worker exited with code: 9\\)\n`],
    ['throws', 'throw:5', 70, `${ITEM}: the kernel broke\n`],
    ['runs out of memory', 'memory:5', 2, `^E_EMULATE_MEMORY emulate: a thread ran ${ITEM}: [^\n]*memory`],
  ])(
    '%s, names the item, ends at once, and leaves nothing behind',
    async (_, sabotage, exitCode, message) => {
      const cwd = temporary();
      const ended = await run(cwd, sabotage);
      expect(ended.err).toMatch(new RegExp(message));
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.seconds).toBeLessThan(10);
      expect(existsSync(join(cwd, 'reports'))).toBe(false);
    },
    30_000,
  );

  it('does not come back, still ends within a second of Ctrl-C', async () => {
    const ended = await run(temporary(), 'hang:5', 1500);
    expect(ended.exitCode).toBe(130);
    expect(ended.err).toContain('interrupted');
    expect(ended.secondsAfterSignal).toBeLessThan(1);
  }, 30_000);
});
