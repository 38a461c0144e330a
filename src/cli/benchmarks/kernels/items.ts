import { timingOf } from '../../benchmark.ts';
import type { Triple } from './cases.ts';
import { type Session, type Turn, wallMs } from './session.ts';

/** Small products that two threads take from one table, as JSON. */
export interface ItemRow {
  readonly path: string;
  /** [M, N, K] of each; bf16. */
  readonly shape: Triple;
  readonly items: number;
  readonly threads: number;
  /** Time of the best round by the number of items. */
  readonly microsecondsPerItem: number;
  readonly median: number;
}

export interface ItemSeries {
  readonly turns: readonly Turn[];
  readonly rows: () => ItemRow[];
}

/** On as many threads as are measured at most. Paths without SIMD are left out. */
export function itemSeries(session: Session): ItemSeries {
  const threads = Math.max(...session.threadCounts);
  const series = session.plan.items.flatMap(({ item }, items) =>
    session.paths.flatMap((path, number) => {
      if (path.module === null) return [];
      const times: number[] = [];
      const measure = async (counted: boolean): Promise<void> => {
        const ms = wallMs(await session.run({ kind: 'items', path: number, items }, threads));
        if (counted) times.push(ms);
      };
      const row = (): ItemRow => {
        const { best, median } = timingOf(times.map((ms) => (1000 * ms) / item.count));
        return { path: path.name, shape: item.shape, items: item.count, threads, microsecondsPerItem: best, median };
      };
      return [{ turn: { name: 'small items', measure }, row }];
    }),
  );
  return { turns: series.map(({ turn }) => turn), rows: () => series.map(({ row }) => row()) };
}
