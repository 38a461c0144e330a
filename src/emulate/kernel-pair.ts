import type { KernelTable } from '../kernels/index.ts';

/** Two independent ways of the same arithmetic over one memory. */
export interface KernelPair {
  readonly fast: KernelTable;
  /** What the fast one is compared with, bit by bit. */
  readonly oracle: KernelTable;
}
