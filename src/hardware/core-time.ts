import type { Bytes, BytesPerSecond, Flops, FlopsPerSecond, Seconds } from '../base/index.ts';
import type { Chip } from './chip.ts';

/** What one device (a TensorCore on v2/v3) can do; a chip's rates divided by its devices. */
export interface Core {
  readonly matmulFlopsPerSecond: FlopsPerSecond;
  readonly mxus: number;
  readonly mxuSide: number;
  readonly vectorOpsPerSecond: number;
  readonly hbmBytesPerSecond: BytesPerSecond;
  readonly hbmBytes: Bytes;
  readonly matmulPeakShare: number;
  readonly hbmPeakShare: number;
  readonly taskOverheadSeconds: Seconds;
}

/** A batch of equal matrix products [m, k] x [k, n]. */
export interface Matmul {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch: number;
}

/** Work of one fused operation. */
export interface Work {
  readonly matmuls: readonly Matmul[];
  readonly vectorOps: number;
  readonly hbmBytes: Bytes;
}

/** Rows are fed to the array in sublanes of 8 (jax-ml/scaling-book tpus.md: bf16[8,128] x bf16[128,128] every 8 cycles). */
const SUBLANES = 8;

export function coreOf(chip: Chip): Core {
  return {
    matmulFlopsPerSecond: chip.matmulFlopsPerSecond / chip.devicesPerChip,
    mxus: chip.mxusPerChip / chip.devicesPerChip,
    mxuSide: chip.mxuSide,
    vectorOpsPerSecond: chip.vectorOpsPerSecond / chip.devicesPerChip,
    hbmBytesPerSecond: chip.hbmBytesPerSecond / chip.devicesPerChip,
    hbmBytes: chip.hbmBytes / chip.devicesPerChip,
    matmulPeakShare: chip.efficiency.matmulPeakShare,
    hbmPeakShare: chip.efficiency.hbmPeakShare,
    taskOverheadSeconds: chip.efficiency.taskOverheadSeconds,
  };
}

/** Duration of a fused operation: the busiest of matrix unit, vector unit and HBM, which overlap, and the fixed cost of a launch. */
export function workSeconds(core: Core, work: Work): Seconds {
  const matmul = work.matmuls.reduce((sum, product) => sum + matmulSeconds(core, product), 0);
  const vector = work.vectorOps / core.vectorOpsPerSecond;
  const hbm = work.hbmBytes / (core.hbmBytesPerSecond * core.hbmPeakShare);
  return Math.max(matmul, vector, hbm) + core.taskOverheadSeconds;
}

/**
 * Matrix products on weight-stationary systolic arrays: a pass holds one side x side tile of the right-hand side and streams the rows through it.
 * k and n are padded to the array, m to sublanes, and a pass cannot be shorter than loading its tile takes; passes are spread over the arrays.
 * So utilisation falls for the small m of an over-sharded expert and for the narrow k of attention heads.
 */
export function matmulSeconds(core: Core, { m, k, n, batch }: Matmul): Seconds {
  const side = core.mxuSide;
  const passes = Math.ceil((batch * Math.ceil(k / side) * Math.ceil(n / side)) / core.mxus);
  const cyclesPerPass = Math.max(Math.ceil(m / SUBLANES) * SUBLANES, side);
  // The clock that gives the published peak when every cell works in every cycle.
  const cyclesPerSecond = core.matmulFlopsPerSecond / (2 * side * side * core.mxus);
  return (passes * cyclesPerPass) / (cyclesPerSecond * core.matmulPeakShare);
}

export function matmulFlops({ m, k, n, batch }: Matmul): Flops {
  return 2 * batch * m * k * n;
}
