import type { Bytes, BytesPerSecond, Flops, FlopsPerSecond, Seconds } from '../base/index.ts';
import type { Chip } from './chip.ts';
import { type Core, coreOf } from './core-time.ts';
import { productTime } from './curves.ts';
import { type Matmul, matmulFlops, matmulPasses, matmulSecondsAtPeak } from './matmul.ts';
import { type Dataflow, unbufferedCycles } from './systolic.ts';

/** Types of the elements of a product. f32 is multiplied in one bf16 pass, as XLA does by default; only its bytes differ. */
export const MATMUL_DTYPES = { bf16: 2, f32: 4, int8: 1 } as const;
export type MatmulDtype = keyof typeof MATMUL_DTYPES;

/** One matrix product alone on a device, operands in HBM. */
export interface MatmulCost {
  readonly seconds: Seconds;
  /** flops / (peak x seconds). */
  readonly mxuUtilisation: number;
  /** What takes longest; the others hide behind it, but for the exposed part and the start. */
  readonly boundBy: 'mxu' | 'vpu' | 'hbm' | 'overhead';
  readonly flops: Flops;
  /** Each operand read once and the result written once. */
  readonly hbmBytes: Bytes;
  /** Cycles of one array without double buffering (`systolic.ts`). */
  readonly cyclesUnbuffered: number;
  /** Tiles of the right-hand side that the fullest array holds, one after the other. */
  readonly passes: number;
  readonly peakFlopsPerSecond: FlopsPerSecond;
  readonly hbmBytesPerSecond: BytesPerSecond;
  /** Terms of `seconds`; arrays and HBM overlap but for `exposed`. */
  readonly terms: { readonly launch: Seconds; readonly mxu: Seconds; readonly hbm: Seconds; readonly exposed: Seconds };
  /** Operands and result find room in the HBM of the device. */
  readonly fitsHbm: boolean;
}

/** What one device multiplies per second, or null where no rate is published for the type. */
export function matmulPeak(chip: Chip, dtype: MatmulDtype): FlopsPerSecond | null {
  const perChip = dtype === 'int8' ? chip.int8OpsPerSecond : chip.matmulFlopsPerSecond;
  return perChip === undefined ? null : perChip / chip.devicesPerChip;
}

export function matmulBytes({ m, k, n, batch }: Matmul, dtype: MatmulDtype): Bytes {
  return MATMUL_DTYPES[dtype] * batch * (m * k + k * n + m * n);
}

/** Cost by the curves of the chip. `peakFlopsPerSecond` of one device, as `matmulPeak` says it. */
export function matmulCost(
  chip: Chip,
  product: Matmul,
  dtype: MatmulDtype,
  dataflow: Dataflow,
  peakFlopsPerSecond: FlopsPerSecond,
): MatmulCost {
  const core: Core = { ...coreOf(chip), matmulFlopsPerSecond: peakFlopsPerSecond };
  const hbmBytes = matmulBytes(product, dtype);
  const flops = matmulFlops(product);
  const time = productTime(core.product, matmulSecondsAtPeak(core, product), hbmBytes, core.hbmBytesPerSecond * core.copy.peakShare);
  const { seconds, launchSeconds: launch, arraySeconds: mxu, hbmSeconds: hbm, exposedSeconds: exposed } = time;
  const array = { rows: core.mxuSide, columns: core.mxuSide };
  return {
    seconds,
    mxuUtilisation: flops / (peakFlopsPerSecond * seconds),
    boundBy: launch >= Math.max(mxu, hbm) ? 'overhead' : mxu >= hbm ? 'mxu' : 'hbm',
    flops,
    hbmBytes,
    cyclesUnbuffered: unbufferedCycles(dataflow, array, product),
    passes: matmulPasses(core, product),
    peakFlopsPerSecond,
    hbmBytesPerSecond: core.hbmBytesPerSecond,
    terms: { launch, mxu, hbm, exposed },
    fitsHbm: hbmBytes <= core.hbmBytes,
  };
}
