import type { Bytes, BytesPerSecond, FlopsPerSecond, Seconds } from '../base/index.ts';
import type { Chip } from './chip.ts';
import type { CopyCurve, ProductCurve } from './curves.ts';
import { type Matmul, matmulSeconds } from './matmul.ts';

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
  readonly product: ProductCurve;
  readonly copy: CopyCurve;
}

/** Work of one fused operation. */
export interface Work {
  readonly matmuls: readonly Matmul[];
  readonly vectorOps: number;
  readonly hbmBytes: Bytes;
}

export function coreOf(chip: Chip): Core {
  const { efficiency } = chip;
  return {
    matmulFlopsPerSecond: chip.matmulFlopsPerSecond / chip.devicesPerChip,
    mxus: chip.mxusPerChip / chip.devicesPerChip,
    mxuSide: chip.mxuSide,
    vectorOpsPerSecond: chip.vectorOpsPerSecond / chip.devicesPerChip,
    hbmBytesPerSecond: chip.hbmBytesPerSecond / chip.devicesPerChip,
    hbmBytes: chip.hbmBytes / chip.devicesPerChip,
    matmulPeakShare: efficiency.matmulPeakShare,
    hbmPeakShare: efficiency.hbmPeakShare,
    taskOverheadSeconds: efficiency.taskOverheadSeconds,
    product: {
      launchSeconds: efficiency.productLaunchSeconds,
      peakShare: efficiency.productPeakShare,
      windowBytes: efficiency.productWindowBytes,
      exposedCost: efficiency.productExposedCost,
    },
    copy: { launchSeconds: efficiency.copyLaunchSeconds, peakShare: efficiency.copyPeakShare },
  };
}

/** Duration of a fused operation: the busiest of matrix unit, vector unit and HBM, which overlap, and the fixed cost of a launch. */
export function workSeconds(core: Core, work: Work): Seconds {
  const matmul = work.matmuls.reduce((sum, product) => sum + matmulSeconds(core, product), 0);
  const vector = work.vectorOps / core.vectorOpsPerSecond;
  const hbm = work.hbmBytes / (core.hbmBytesPerSecond * core.hbmPeakShare);
  return Math.max(matmul, vector, hbm) + core.taskOverheadSeconds;
}
