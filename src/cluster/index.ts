/**
 * Cluster: the only room that knows of threads. `createThreadExecutor` runs an emulation's items on a Piscina pool whose threads share one
 * WebAssembly memory: one long task per thread, items pulled from a counter in that memory, progress read off the same counters. The kernels'
 * module is compiled and checked against the oracle once, here, and sent along.
 */
export { chooseKernelPath, type KernelPath, openKernels, openMemory } from './kernel-path.ts';
export { createThreadExecutor, type ThreadOptions } from './thread-executor.ts';
