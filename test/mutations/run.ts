import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { startVitest, type TestCase } from 'vitest/node';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults/index.ts';

/**
 * Puts one deliberate fault after the other into the source, in memory, and runs the test that must notice it. Exit code 1 when one goes
 * unnoticed. `npx tsx test/mutations/run.ts [name...] [--write]`; --write renews the table in docs/mutations.md.
 */
const DOCUMENT = 'docs/mutations.md';
const TABLE = '<!-- table -->';

interface Verdict {
  readonly fault: Fault;
  /** Names of the tests that failed; empty when nobody noticed. */
  readonly failed: readonly string[];
  readonly passed: number;
}

function planted({ file, from, to }: Fault): Plugin {
  const target = resolve(file);
  return {
    name: 'planted-fault',
    enforce: 'pre',
    transform: (code, id) => (id.split('?')[0] === target ? code.replace(from, () => to) : null),
  };
}

async function judge(fault: Fault): Promise<Verdict> {
  const { file, test } = fault.caughtBy;
  const vitest = await startVitest(
    'test',
    [file],
    { watch: false, reporters: [{}], testNamePattern: `^${escaped(test)}`, bail: 0, maxWorkers: 1, coverage: { enabled: false } },
    { plugins: [planted(fault)] },
  );
  const cases: TestCase[] = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const named = (state: string): string[] => cases.filter((one) => one.result().state === state).map((one) => one.fullName);
  await vitest.close();
  return { fault, failed: named('failed'), passed: named('passed').length };
}

function row({ fault, failed }: Verdict): string {
  const { name, what, file, caughtBy } = fault;
  const noticed =
    failed.length === 0 ? '**nobody**' : `\`${caughtBy.file.replace(/^test\//, '')}\`: ${caughtBy.test.replaceAll('|', '\\|')}`;
  return `| ${name} | ${what} | \`${file.replace(/^src\//, '')}\` | ${noticed} |`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const chosen = FAULTS.filter((fault) => names.length === 0 || names.includes(fault.name));
const verdicts: Verdict[] = [];
for (const fault of chosen) {
  const verdict = await judge(fault);
  verdicts.push(verdict);
  const ran = verdict.failed.length + verdict.passed;
  const outcome = verdict.failed.length > 0 ? 'noticed' : ran === 0 ? 'NO SUCH TEST' : 'UNNOTICED';
  console.log(`${outcome.padEnd(12)} ${fault.name} (${verdict.failed.length} of ${ran} tests failed)`);
}
const missed = verdicts.filter((verdict) => verdict.failed.length === 0).length;
console.log(`${verdicts.length} faults planted, ${verdicts.length - missed} noticed, ${missed} missed`);
if (process.argv.includes('--write') && names.length === 0) {
  const [head] = readFileSync(DOCUMENT, 'utf8').split(TABLE);
  const table = ['| fault | what it does | in | noticed by |', '|---|---|---|---|', ...verdicts.map(row)].join('\n');
  writeFileSync(DOCUMENT, `${head}${TABLE}\n\n${table}\n`);
}
process.exitCode = missed > 0 || verdicts.length === 0 ? 1 : 0;
