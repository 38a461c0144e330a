import type { KernelTable } from '../../../kernels/index.ts';

/** A table that adds up the time of its kernels. */
export interface TimedTable {
  readonly table: KernelTable;
  /** Milliseconds since the last call. */
  readonly taken: () => number;
}

export function timedTable(table: KernelTable, clock: () => number): TimedTable {
  let milliseconds = 0;
  const timed = Object.entries(table).map(([name, kernel]) => {
    if (typeof kernel !== 'function') return [name, kernel];
    const run = (...operands: unknown[]): unknown => {
      const start = clock();
      const result: unknown = kernel(...operands);
      milliseconds += clock() - start;
      return result;
    };
    return [name, run];
  });
  return {
    table: Object.fromEntries(timed),
    taken: () => {
      const all = milliseconds;
      milliseconds = 0;
      return all;
    },
  };
}
