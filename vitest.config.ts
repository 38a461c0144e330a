import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig, type TestUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { kernelFlags } from './src/cluster/v8-flags.ts';

/** Rooms whose tests change nothing outside of themselves share a process, which loads every module once; all other files get one each. */
const SHARED_ROOMS = [
  'analytic',
  'base',
  'collectives',
  'conformance',
  'engine',
  'hardware',
  'intake',
  'kernels',
  'laws',
  'layout',
  'model',
  'network',
  'plan',
  'program',
  'result',
  'routing',
  'scenario',
  'validation',
];
const ALL_FILES = 'test/**/*.test.ts';
const SHARED_FILES = `test/{${SHARED_ROOMS.join(',')}}/**/*.test.ts`;

/** Files of the shared processes last: one that is given another file in between ends. */
class SharedLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isShared = ({ project }: TestSpecification): boolean => !project.config.isolate;
    return [...sorted.filter((file) => !isShared(file)), ...sorted.filter(isShared)];
  }
}

/** What all tests have in common. */
export const COMMON: TestUserConfig = {
  globalSetup: ['test/build.ts', 'test/temporary-folder.ts'],
  alias: [{ find: /^.*\/thread-module\.ts$/, replacement: fileURLToPath(new URL('test/built-thread-module.ts', import.meta.url)) }],
  testTimeout: 60_000,
  pool: 'forks',
  // All variants of the kernels are tested, as a run has them.
  execArgv: [...kernelFlags()],
  // The machines have two cores and kernel tests start threads of their own.
  maxWorkers: 2,
};

export default defineConfig({
  test: {
    ...COMMON,
    sequence: { sequencer: SharedLast },
    // `.ci/run` counts the tests in the JSON file.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/switchyard/tests.json' }]],
    projects: [
      { extends: true, test: { name: 'own process', include: [ALL_FILES], exclude: [...configDefaults.exclude, SHARED_FILES] } },
      { extends: true, test: { name: 'shared process', include: [SHARED_FILES], isolate: false } },
    ],
  },
});
