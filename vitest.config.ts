import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // The machines have two cores and kernel tests start threads of their own.
    maxWorkers: 2,
    // `.ci/run` counts the tests in the JSON file.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/switchyard/tests.json' }]],
  },
});
