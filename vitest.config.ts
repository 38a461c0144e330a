import { defineConfig } from 'vitest/config';
import { kernelFlags } from './src/cluster/v8-flags.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // All variants of the kernels are tested, as a run has them.
    execArgv: [...kernelFlags()],
    // The machines have two cores and kernel tests start threads of their own.
    maxWorkers: 2,
    // `.ci/run` counts the tests in the JSON file.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/switchyard/tests.json' }]],
  },
});
