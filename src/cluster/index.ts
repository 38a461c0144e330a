/**
 * Cluster: the only room that starts threads. `openStepPool` starts a Piscina pool whose threads share one WebAssembly memory and run the steps of
 * one job: one long task per thread and step, items taken from a counter in that memory, progress read off the same counters. What a thread is at stands
 * there too, so that a death is told with its item. `createThreadExecutor` runs emulations so. How kernels run is decided here too, once in a process:
 * `chooseKernelPath` times what this machine has, native tiles among it, takes the fastest that has the oracle's bits, and the pool sends it along.
 */
export { type KernelPath, openKernels, openMemory, sharesMemory } from './kernel-path.ts';
export { type ChoiceOptions, chooseKernelPath, workingKernelPaths } from './path-choice.ts';
export { openPodThreads } from './pod-threads.ts';
export type { StepJob } from './step-kinds.ts';
export { openStepPool, type StepPool, type StepPoolOptions } from './step-pool.ts';
export { openTaskThreads, type TaskThreads } from './task-threads.ts';
export { createThreadExecutor, type ThreadOptions } from './thread-executor.ts';
export { threadModule } from './thread-module.ts';
export { kernelFlags } from './v8-flags.ts';
