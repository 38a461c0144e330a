import type { Matmul } from './matmul.ts';

/** What stays in the cells of the array while the rest streams: the right-hand side (`ws`), or the sums of the result (`os`). */
export const DATAFLOWS = ['ws', 'os'] as const;
export type Dataflow = (typeof DATAFLOWS)[number];

/** Cells of one systolic array. */
export interface SystolicArray {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Cycles of one array that loads, streams and drains every tile before it begins the next, products of a batch one after the other. The model of
 * SCALE-Sim (Samajdar et al. 2020, ISPASS, section III; scalesim-project/SCALE-Sim at v3, 1d62b68, its compute cycles): with R rows, C columns
 * ws: ceil(k/R) ceil(n/C) (2R + C + m - 2) - 1, loading R, streaming m + R + C - 2;
 * os: ceil(m/R) ceil(n/C) (R + C + k - 2) - 1, streaming k + R + C - 2, then the sums are read where they stand.
 * TPUs load the next tile while rows stream (`matmul.ts`), so this is an upper bound for one array and not what they take.
 */
export function unbufferedCycles(dataflow: Dataflow, { rows: R, columns: C }: SystolicArray, { m, k, n, batch }: Matmul): number {
  const [folded, streamed, loaded] = dataflow === 'ws' ? [k, m, R] : [m, k, 0];
  const tiles = Math.ceil(folded / R) * Math.ceil(n / C);
  return batch * (tiles * (loaded + streamed + R + C - 2) - 1);
}
