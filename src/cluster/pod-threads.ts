import { availableParallelism } from 'node:os';
import type { PodPlan } from '../emulate/index.ts';
import { type KernelTable, runStepAlone } from '../kernels/index.ts';
import type { PodRun } from '../study/index.ts';
import { openKernels, openMemory, sharesMemory } from './kernel-path.ts';
import { chooseKernelPath } from './path-choice.ts';
import { openJob } from './step-kinds.ts';
import { openStepPool } from './step-pool.ts';

/** Lays a pod for as many lanes as there are threads, and opens it on them. Without shared memory the calling thread does everything. */
export function openPodThreads(
  planFor: (lanes: number, table: KernelTable) => PodPlan,
  options: { readonly threads?: number; readonly kernels?: string } = {},
): PodRun {
  const path = chooseKernelPath({ kernels: options.kernels });
  const threads = sharesMemory() ? (options.threads ?? availableParallelism()) : 1;
  const plan = planFor(threads, openKernels(openMemory(0, path), path).fast);
  const memory = openMemory(plan.bytes, path);
  const facts = { plan, buffer: memory.buffer, threads, kernelPath: path.name, kernelSpeed: path.speed };
  if (!sharesMemory()) {
    const opened = openJob({ kind: 'pod', plan }, openKernels(memory, path));
    return { ...facts, step: async (n) => runStepAlone(opened(n)), close: async () => {} };
  }
  const pool = openStepPool(threads, memory, path, { kind: 'pod', plan }, plan.control);
  return { ...facts, step: (n) => pool.step(n), close: () => pool.close() };
}
