import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // The machines have two cores and kernel tests start threads of their own.
    maxWorkers: 2,
  },
});
