import type { Benchmark, BenchmarkAnswer, BenchmarkRequest } from '../benchmark.ts';
import { FULL, type KernelCases, QUICK } from './kernels/cases.ts';
import { findErrors } from './kernels/check.ts';
import { openInstruments } from './kernels/instruments.ts';
import { type ItemRow, itemSeries } from './kernels/items.ts';
import { type LayerRow, layerSeries } from './kernels/layers.ts';
import { limitSeries, type MachineLimits } from './kernels/limits.ts';
import { type GemmRow, productSeries } from './kernels/products.ts';
import type { Turn } from './kernels/session.ts';
import { arrange, type HostSizes, hostSizes } from './kernels/setting.ts';
import { kernelTables, NOTES } from './kernels/text.ts';

/**
 * How fast every kernel path of this machine is, beside what its vector units can do at most: matrix products, a whole Switch layer, small items. Paths take turns at
 * each case, and limits are measured again in every round, so that a slow moment of the machine meets all of them.
 */
export const kernels: Benchmark = {
  rounds: 5,
  usesKernels: true,
  run: (request) => measureKernels(request.quick ? QUICK : FULL, request),
};

/** As JSON, beside the machine and the number of rounds. */
export interface KernelFields {
  readonly limits: MachineLimits;
  readonly gemm: readonly GemmRow[];
  readonly layer: readonly LayerRow[];
  readonly items: readonly ItemRow[];
  readonly errors: readonly string[];
  /** What could not be measured here, and why. */
  readonly notes: readonly string[];
}

export type KernelRequest = Pick<BenchmarkRequest, 'rounds' | 'onlyPath' | 'onProgress' | 'signal' | 'env'>;

export async function measureKernels(
  wanted: KernelCases,
  { rounds, onlyPath, onProgress, signal, env }: KernelRequest,
  host: HostSizes = hostSizes(),
): Promise<BenchmarkAnswer<KernelFields>> {
  const setting = arrange(wanted, onlyPath, host);
  const instruments = await openInstruments(setting, env, signal);
  try {
    const { session, cLoops, numpy } = instruments;
    const { limitMs } = setting.cases;
    const limits = limitSeries(session, cLoops, limitMs);
    const products = productSeries(session, setting.cases);
    const items = itemSeries(session);
    const layers = layerSeries(session, numpy);
    const turns = [...spread(limits.turn, products.turns), ...items.turns, limits.turn, ...layers.turns, limits.turn];
    await runRounds(turns, rounds, onProgress);
    const found = limits.result();
    const gemm = products.rows(found);
    const without = found.simd128 === null ? ['No limits of WebAssembly: its SIMD does not run here.'] : [];
    const notes = [...setting.notes, ...without, ...instruments.notes];
    const fields = { limits: found, gemm, layer: layers.rows(found), items: items.rows(), errors: findErrors(found, gemm), notes };
    return { fields, tables: kernelTables(fields), notes: [...NOTES, ...notes], errors: fields.errors };
  } finally {
    await instruments.close();
  }
}

/** All turns once per round; the first round compiles and fills caches, and is not counted. */
async function runRounds(turns: readonly Turn[], rounds: number, onProgress: BenchmarkRequest['onProgress']): Promise<void> {
  for (let round = -1; round < rounds; round++) {
    for (const [i, { name, measure }] of turns.entries()) {
      await measure(round >= 0);
      onProgress(round < 0 ? `warming up: ${name}` : name, (round + 1) * turns.length + i + 1, (rounds + 1) * turns.length);
    }
  }
}

const TURNS_BETWEEN_LIMITS = 60;

/** Limits before the first of the turns, and now and then among them. */
function spread(limits: Turn, turns: readonly Turn[]): Turn[] {
  return turns.flatMap((turn, i) => (i % TURNS_BETWEEN_LIMITS === 0 ? [limits, turn] : [turn]));
}
