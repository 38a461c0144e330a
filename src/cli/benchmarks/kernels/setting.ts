import { availableParallelism, freemem } from 'node:os';
import { type Bytes, InputError } from '../../../base/index.ts';
import { chooseKernelPath, type KernelPath, openKernels, openMemory, sharesMemory, workingKernelPaths } from '../../../cluster/index.ts';
import type { KernelCases, LayerCase } from './cases.ts';
import { type MemoryPlan, planMemory } from './memory-plan.ts';

/** What is measured on this machine, out of what was wanted. */
export interface Setting {
  readonly paths: readonly KernelPath[];
  /** 1, and 2 where there are as many cores. */
  readonly threadCounts: readonly number[];
  readonly cases: KernelCases;
  readonly plan: MemoryPlan;
  /** Bytes that nothing is planned for yet. */
  readonly leftBytes: Bytes;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export interface HostSizes {
  readonly cores: number;
  readonly freeBytes: Bytes;
}

export function hostSizes(): HostSizes {
  const available = 'availableMemory' in process ? (process.availableMemory as () => number)() : freemem();
  return { cores: availableParallelism(), freeBytes: available };
}

/** More of them would share what two have. */
const MOST_THREADS = 2;
/** The rest is for everything else on the machine. */
const SHARE_OF_FREE = 0.8;
/** Limit of 32-bit addresses. */
const LARGEST_MEMORY = 2 ** 32;

const NOT_SHARED = {
  code: 'E_KERNELS',
  path: '',
  value: 'no SharedArrayBuffer',
  rule: 'threads that are measured must share a memory',
  remedy: 'start Node without what takes SharedArrayBuffer away',
};

export function arrange(wanted: KernelCases, onlyPath: string | undefined, { cores, freeBytes }: HostSizes): Setting {
  if (!sharesMemory()) throw new InputError([NOT_SHARED]);
  const notes: string[] = [];
  const paths = onlyPath === undefined ? workingKernelPaths() : [chooseKernelPath({ kernels: onlyPath })];
  const threads = Math.min(MOST_THREADS, cores);
  if (threads < MOST_THREADS) notes.push('One core: nothing is measured on two threads.');
  const bytes = SHARE_OF_FREE * freeBytes;
  const elements = scratchElements(paths);
  const sizeOf = (cases: KernelCases): Bytes => planMemory(cases, threads, elements).bytes;
  const { cases, left } = fitting(wanted, (some) => sizeOf(some) <= Math.min(bytes, LARGEST_MEMORY));
  if (left.length > 0) notes.push(`Left out for lack of memory: ${left.join(', ')}.`);
  const plan = planMemory(cases, threads, elements);
  const threadCounts = Array.from({ length: threads }, (_, i) => i + 1);
  return { paths, threadCounts, cases, plan, leftBytes: bytes - plan.bytes, notes };
}

/** Of the path that needs most. */
function scratchElements(paths: readonly KernelPath[]): number {
  const memory = openMemory(0, paths[0]);
  return Math.max(1, ...paths.map((path) => openKernels(memory, path).fast.gemmScratchElements));
}

/** The cases without the largest ones, as few of them as must be; and what these are called. */
function fitting(
  wanted: KernelCases,
  fits: (cases: KernelCases) => boolean,
): { readonly cases: KernelCases; readonly left: readonly string[] } {
  const left: string[] = [];
  let cases = wanted;
  while (!fits(cases)) {
    const layer = largest(cases.layers, layerElements);
    const product = largest(cases.products, ({ shape: [m, n, k] }) => m * n + m * k + n * k);
    if (layer !== undefined) {
      cases = { ...cases, layers: cases.layers.filter((one) => one !== layer) };
      left.push(`the layer of ${layer.experts} experts`);
    } else if (cases.items.length > 0) {
      cases = { ...cases, items: cases.items.slice(0, -1) };
      left.push('small items');
    } else if (product !== undefined) {
      cases = { ...cases, products: cases.products.filter((one) => one !== product) };
      left.push(`the product ${product.shape.join('x')}`);
    } else break;
  }
  return { cases, left };
}

/** Weights of all experts; everything else grows with them. */
export function layerElements({ experts, dModel, dExpert }: LayerCase): number {
  return 2 * experts * dModel * dExpert;
}

function largest<T>(values: readonly T[], size: (value: T) => number): T | undefined {
  return values.reduce<T | undefined>((most, value) => (most === undefined || size(value) > size(most) ? value : most), undefined);
}
