/**
 * Emulate: a pod of shards that runs the real router, dispatch and experts, and counts what they did. Threads are passed
 * in as an executor.
 */
export * from './types.ts';
