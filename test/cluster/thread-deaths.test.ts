import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

const TINY = resolve('scenarios/tiny.yaml');

/** Runs a verb of the built command line on two threads that are harmed as `sabotage` says; Ctrl-C is sent when one of them hangs. */
function run(cwd: string, verb: readonly string[], sabotage: string): Promise<Ended> {
  const options = ['--max-old-space-size=64', '--import', resolve('test/cluster/sabotage.mjs')];
  const args = [...options, resolve('bin/switchyard.js'), ...verb, '--threads', '2', '--quiet'];
  const begun = performance.now();
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, SABOTAGE: sabotage } });
  let err = '';
  let signalled = 0;
  child.stderr.on('data', (data) => {
    err += data;
    if (signalled > 0 || !err.includes('hanging')) return;
    signalled = performance.now();
    child.kill('SIGINT');
  });
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
      const ended = await run(cwd, ['run', TINY], sabotage);
      expect(ended.err).toMatch(new RegExp(message));
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.seconds).toBeLessThan(10);
      expect(existsSync(join(cwd, 'reports'))).toBe(false);
    },
    30_000,
  );

  it('does not come back, still ends within a second of Ctrl-C', async () => {
    const ended = await run(temporary(), ['run', TINY], 'hang:5');
    expect(ended.exitCode).toBe(130);
    expect(ended.err).toContain('interrupted');
    expect(ended.secondsAfterSignal).toBeLessThan(1);
  }, 30_000);

  it('dies under a later seed, keeps the seeds that were finished, and says where', async () => {
    const cwd = temporary();
    writeFileSync(join(cwd, 'two.yaml'), `${readFileSync(TINY, 'utf8')}vary: {routing.router: [switch-top1, gshard-top2]}\n`);
    // Threads 1 and 2 run the first seed, 3 and 4 the second, 5 and 6 the third.
    const ended = await run(cwd, ['compare', 'two.yaml', '--seeds', '4'], 'exit:5:5');
    const file = join('reports', 'tiny', 'comparison.partial.json');
    expect(ended.err).toContain(`kept   ${file} compares what was finished (2 of 4 seeds, 2 of 2 variants)\n`);
    expect(ended.err).toMatch(new RegExp(`a thread ended while it ran ${ITEM}`));
    expect(ended.exitCode).toBe(70);
    expect(readdirSync(join(cwd, 'reports', 'tiny'))).toEqual(['comparison.partial.json']);
    expect(JSON.parse(readFileSync(join(cwd, file), 'utf8')).seeds).toHaveLength(2);
    const whole = await run(cwd, ['compare', 'two.yaml', '--seeds', '2'], 'exit:1:99');
    expect([whole.exitCode, whole.err]).toEqual([0, '']);
    expect(readdirSync(join(cwd, 'reports', 'tiny')).sort()).toEqual(['comparison.html', 'comparison.json']);
  }, 60_000);
});
