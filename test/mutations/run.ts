import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EnvironmentModuleGraph, Plugin } from 'vite';
import { createVitest, type TestCase, type Vitest } from 'vitest/node';
import { COMMON } from '../../vitest.config.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults/index.ts';

/**
 * Puts one deliberate fault after the other into the source, in memory, and runs the test that must notice it. Exit code 1 when one goes
 * unnoticed. `npm run mutations -- [name...] [--part=1/2] [--write]`; a part is the faults of every second (third, ...) file of tests, so that several processes can share
 * them; --write renews the table in docs/mutations.md, unless only some were asked for.
 */
const DOCUMENT = 'docs/mutations.md';
const TABLE = '<!-- table -->';

interface Verdict {
  readonly fault: Fault;
  /** Names of the tests that failed; empty when nobody noticed. */
  readonly failed: readonly string[];
  readonly passed: number;
}

/** The one plugin of the one server: whatever fault is planted at the moment. */
function gardener(): { readonly plugin: Plugin; plant: (fault: Fault | null) => void } {
  let current: Fault | null = null;
  return {
    plugin: {
      name: 'planted-fault',
      enforce: 'pre',
      transform(code, id) {
        if (current === null || id.split('?')[0] !== resolve(current.file)) return null;
        const { name, from, to } = current;
        if (!code.includes(from)) throw new Error(`${name} cannot be planted: its text is not in ${current.file}`);
        return code.replace(from, () => to);
      },
    },
    plant(fault) {
      current = fault;
    },
  };
}

/** Only the files whose text has changed are transformed again; all others stay as they were for the fault before. */
function forget(graph: EnvironmentModuleGraph, files: readonly string[]): void {
  for (const file of files) for (const module of graph.getModulesByFile(resolve(file)) ?? []) graph.invalidateModule(module);
}

/** Runs the tests that must notice these faults, each file in one of them, in one process; `changed`: files with another text than when it was last done. */
async function judge(vitest: Vitest, faults: readonly Fault[], changed: readonly string[]): Promise<readonly Verdict[]> {
  const project = vitest.getRootProject();
  for (const { moduleGraph } of Object.values(project.vite.environments)) forget(moduleGraph, changed);
  const specifications = faults.map(({ caughtBy: { file, test } }) =>
    project.createSpecification(resolve(file), { testNamePattern: new RegExp(`^${escaped(test)}`) }),
  );
  const { testModules } = await vitest.runTestSpecifications(specifications, true);
  return faults.map((fault) => {
    const { file, test } = fault.caughtBy;
    // The answer also holds what earlier runs left behind.
    const cases: TestCase[] = testModules
      .filter((module) => module.moduleId === resolve(file))
      .flatMap((module) => [...module.children.allTests()])
      .filter((one) => one.fullName.replaceAll(' > ', ' ').startsWith(test));
    const named = (state: string): string[] => cases.filter((one) => one.result().state === state).map((one) => one.fullName);
    return { fault, failed: named('failed'), passed: named('passed').length };
  });
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
const [part, parts] = (process.argv.find((argument) => argument.startsWith('--part='))?.slice('--part='.length) ?? '1/1')
  .split('/')
  .map(Number);
const testFiles = [...new Set(FAULTS.map(({ caughtBy }) => caughtBy.file))];
const chosen = FAULTS.filter(
  ({ name, caughtBy }) => (names.length === 0 || names.includes(name)) && testFiles.indexOf(caughtBy.file) % parts === part - 1,
);
const verdicts: Verdict[] = [];
const { plugin, plant } = gardener();
const vitest = await createVitest(
  'test',
  {
    ...COMMON,
    config: false,
    watch: false,
    reporters: [{}],
    maxWorkers: 1,
    isolate: false,
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/mutations/fixed-seed.ts'],
  },
  { plugins: [plugin] },
);
let planted: readonly string[] = [];
for (const fault of chosen) {
  plant(fault);
  const [verdict] = await judge(vitest, [fault], [...planted, fault.file]);
  planted = [fault.file];
  verdicts.push(verdict);
  const ran = verdict.failed.length + verdict.passed;
  const outcome = verdict.failed.length > 0 ? 'noticed' : ran === 0 ? 'NO SUCH TEST' : 'UNNOTICED';
  console.log(`${outcome.padEnd(12)} ${fault.name} (${verdict.failed.length} of ${ran} tests failed)`);
}
// The control: without a fault the same tests pass, so it was the fault that they noticed.
plant(null);
const controls = [...new Map(chosen.map((fault) => [fault.caughtBy.file, fault])).values()];
const broken = (await judge(vitest, controls, planted)).filter(({ failed, passed }) => failed.length > 0 || passed === 0);
for (const { fault } of broken) console.log(`CONTROL FAILED: ${fault.caughtBy.file}: ${fault.caughtBy.test} fails without a fault`);
await vitest.close();
const missed = verdicts.filter((verdict) => verdict.failed.length === 0).length;
console.log(
  `${verdicts.length} faults planted, ${verdicts.length - missed} noticed, ${missed} missed; ${controls.length} controls, ${broken.length} broken`,
);
if (process.argv.includes('--write') && chosen.length === FAULTS.length) {
  const [head] = readFileSync(DOCUMENT, 'utf8').split(TABLE);
  const table = ['| fault | what it does | in | noticed by |', '|---|---|---|---|', ...verdicts.map(row)].join('\n');
  writeFileSync(DOCUMENT, `${head}${TABLE}\n\n${table}\n`);
}
process.exitCode = missed > 0 || broken.length > 0 || verdicts.length === 0 ? 1 : 0;
