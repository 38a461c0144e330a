/**
 * Cluster: the only room that knows of threads. `openStepPool` starts a Piscina pool whose threads share one WebAssembly memory and run the steps of
 * one job: one long task per thread and step, items taken from a counter in that memory, progress read off the same counters. What a thread is at stands
 * there too, so that a death is told with its item. `createThreadExecutor` runs emulations so. The kernels' module is compiled and checked against the oracle once, here, and sent along.
 */
export { threadModule } from './from-source.ts';
export { type KernelPath, openKernels, openMemory } from './kernel-path.ts';
export { type ChoiceOptions, chooseKernelPath, workingKernelPaths } from './path-choice.ts';
export type { StepJob } from './step-kinds.ts';
export { openStepPool, type StepPool, type StepPoolOptions } from './step-pool.ts';
export { openTaskThreads, type TaskThreads } from './task-threads.ts';
export { createThreadExecutor, type ThreadOptions } from './thread-executor.ts';
export { kernelFlags } from './v8-flags.ts';
