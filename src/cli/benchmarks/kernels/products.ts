import type { Dtype } from '../../../model/index.ts';
import { timingOf } from '../../benchmark.ts';
import type { KernelCases, ProductCase, ProductForm, Triple } from './cases.ts';
import { type LimitName, limitOf, type MachineLimits, shareOfLimit } from './limits.ts';
import { DTYPES } from './memory-plan.ts';
import { type Session, type Turn, wallMs } from './session.ts';

/** One product on one path, as JSON. */
export interface GemmRow {
  readonly path: string;
  /** [M, N, K] */
  readonly shape: Triple;
  /** Of the stored operands; sums and the target are f32. */
  readonly dtype: Dtype;
  /** Two: an independent product in each, the rate is that of both. */
  readonly threads: number;
  /** Forward where it is left out. */
  readonly pass?: 'backward';
  readonly form: ProductForm;
  /** GFLOP/s of the best round, packing included. */
  readonly gflops: number;
  /** GFLOP/s of the middle round. */
  readonly median: number;
  readonly limit: LimitName;
  readonly shareOfLimit: number | null;
}

export interface ProductSeries {
  readonly turns: readonly Turn[];
  readonly rows: (limits: MachineLimits) => GemmRow[];
}

/** All paths take turns at each product. */
export function productSeries(session: Session, cases: KernelCases): ProductSeries {
  const slow = session.paths.map((path) => path.module === null);
  const series = DTYPES.flatMap((dtype) =>
    session.threadCounts.flatMap((threads) =>
      [...cases.products, ...cases.slowProducts].flatMap((product) =>
        session.paths.flatMap((_, path) => {
          const isMine = slow[path] ? threads === 1 && cases.slowProducts.includes(product) : cases.products.includes(product);
          return isMine ? [openSeries(session, path, product, dtype, threads, cases.leastMs)] : [];
        }),
      ),
    ),
  );
  return { turns: series.map(({ turn }) => turn), rows: (limits) => series.map(({ row }) => row(limits)) };
}

const MOST_REPEATS = 100_000;
/** Larger products take no part in warming up: compilers are through without them. */
const MOST_WARM_FLOPS = 1e9;

function openSeries(session: Session, path: number, product: ProductCase, dtype: Dtype, threads: number, leastMs: number) {
  const { shape, form } = product;
  const { name } = session.paths[path];
  const flops = 2 * shape[0] * shape[1] * shape[2] * threads;
  const times: number[] = [];
  let repeats = 1;
  const measureOnce = async (): Promise<number> => {
    const ms = wallMs(await session.run({ kind: 'product', path, product, dtype, repeats }, threads)) / repeats;
    repeats = Math.min(MOST_REPEATS, Math.max(repeats, Math.ceil(leastMs / ms)));
    return ms;
  };
  const turn: Turn = {
    name: 'products',
    measure: async (counted) => {
      if (counted) times.push(await measureOnce());
      else if (flops <= threads * MOST_WARM_FLOPS) {
        await measureOnce();
        // As often as it will be repeated.
        await measureOnce();
      }
    },
  };
  const row = (limits: MachineLimits): GemmRow => {
    const { best, median } = timingOf(times);
    const gflops = flops / best / 1e6;
    const limit = limitOf(name, dtype, limits);
    return {
      path: name,
      shape,
      dtype,
      threads,
      ...(form === 'NN' ? {} : { pass: 'backward' as const }),
      form,
      gflops,
      median: flops / median / 1e6,
      limit,
      shareOfLimit: shareOfLimit(gflops, threads, limits[limit]),
    };
  };
  return { turn, row };
}
